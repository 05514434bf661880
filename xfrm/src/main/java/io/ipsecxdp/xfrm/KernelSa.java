package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** An SA in the terms of one kernel: what the codec sends and a dump shows afterwards. */
public record KernelSa(Optional<SaDir> direction, int replayWindow, OptionalInt ownerCpu, SaOptions options) {

    public static KernelSa of(Sa sa, XfrmCapabilities capabilities) {
        boolean allFamilies =
                sa.mode() == Mode.TUNNEL && sa.options().selector().isEmpty();
        Optional<XfrmSelector> selector = allFamilies
                ? Optional.empty()
                : Optional.of(sa.options().selector().orElseGet(() -> everything(sa.family())));
        return new KernelSa(
                capabilities.saDirection() ? Optional.of(sa.direction()) : Optional.empty(),
                replayWindow(sa, capabilities),
                capabilities.perCpuSa() ? sa.ownerCpu() : OptionalInt.empty(),
                sa.options()
                        .with()
                        .flags(flags(sa, allFamilies))
                        .selector(selector)
                        .build());
    }

    private static Set<SaFlag> flags(Sa sa, boolean allFamilies) {
        EnumSet<SaFlag> flags = EnumSet.noneOf(SaFlag.class);
        flags.addAll(sa.options().flags());
        if (sa.esn()) {
            flags.add(SaFlag.ESN);
        }
        if (allFamilies) {
            flags.add(SaFlag.ANY_INNER_FAMILY);
        }
        if (sa.id().protocol().equals(IpProtocol.AH) && sa.family() == AddressFamily.IPV4) {
            flags.add(SaFlag.ALIGN_TO_4);
        }
        return flags;
    }

    /**
     * A kernel that knows directions refuses a window on an outbound SA; one that does not refuses ESN without one, as
     * it cannot see that the SA only sends ({@code xfrm_init_replay} in net/xfrm/xfrm_replay.c).
     */
    private static int replayWindow(Sa sa, XfrmCapabilities capabilities) {
        boolean outboundUnseen = sa.direction() == SaDir.OUT && !capabilities.saDirection();
        return outboundUnseen && sa.esn() ? 1 : sa.replayWindow();
    }

    private static XfrmSelector everything(AddressFamily family) {
        try {
            InetAddress any = InetAddress.getByAddress(new byte[family.addressBits() / Byte.SIZE]);
            return XfrmSelector.between(new Prefix(any, 0), new Prefix(any, 0));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(family + " addresses have another length", e);
        }
    }
}
