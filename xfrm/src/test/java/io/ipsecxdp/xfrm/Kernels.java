package io.ipsecxdp.xfrm;

import java.util.List;
import java.util.Set;

/** What kernels can do. */
public final class Kernels {

    /** Everything, in what concerns algorithms. */
    public static final XfrmCapabilities MODERN = of(true, true);

    /** Neither directions nor owner CPUs. */
    public static final XfrmCapabilities OLD = of(false, false);

    private Kernels() {}

    public static XfrmCapabilities of(boolean direction, boolean perCpu) {
        return new XfrmCapabilities(
                direction,
                perCpu,
                Set.of(AddressFamily.values()),
                Set.of(AddressFamily.values()),
                true,
                Set.copyOf(Aead.known()),
                Set.copyOf(Cipher.known()),
                Set.copyOf(AuthAlgorithm.known()),
                List.of());
    }
}
