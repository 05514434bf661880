package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.PortRange;
import io.ipsecxdp.crds.Selector;
import java.util.Optional;

/** Selectors as the kernel has them, from valid ones as users write them. */
final class Selectors {
    private static final int ALL_BITS = 0xffff;

    private record Masked(Integer value, Integer mask) {
        static final Masked ANY = new Masked(null, null);

        static Masked of(PortRange range) {
            return new Masked(range.first(), range.mask() == ALL_BITS ? null : range.mask());
        }
    }

    private Selectors() {}

    /**
     * @param source for a selector that names no prefix of the source
     * @param destination for a selector that names no prefix of the destination
     */
    static PlannedSelector planned(Selector selector, IpPrefix source, IpPrefix destination) {
        var from = selector.typeOfIcmp().map(Selectors::exactly).orElseGet(() -> ports(selector.fromPorts()));
        var to = selector.codeOfIcmp().map(Selectors::exactly).orElseGet(() -> ports(selector.toPorts()));
        return new PlannedSelector(
                prefix(selector.sourcePrefix()).orElse(source).toString(),
                prefix(selector.destinationPrefix()).orElse(destination).toString(),
                selector.upperProtocol().orElseThrow().toString(),
                from.value(),
                from.mask(),
                to.value(),
                to.mask());
    }

    /** The kernel has type and code of ICMP where other protocols have their ports (include/net/xfrm.h, xfrm_flowi_sport). */
    private static Masked exactly(int value) {
        return new Masked(value, null);
    }

    private static Masked ports(Optional<String> text) {
        return text.flatMap(PortRange::parse).map(Masked::of).orElse(Masked.ANY);
    }

    private static Optional<IpPrefix> prefix(Optional<String> text) {
        return text.flatMap(IpPrefix::parse);
    }
}
