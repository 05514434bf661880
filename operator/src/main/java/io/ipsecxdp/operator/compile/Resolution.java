package io.ipsecxdp.operator.compile;

import java.util.List;
import java.util.Optional;

/** The ends of an SA or of a flow: their addresses, or why there are none. */
record Resolution(Optional<EndAddresses> addresses, List<Finding> findings) {
    static Resolution resolved(EndAddresses addresses) {
        return new Resolution(Optional.of(addresses), List.of());
    }

    static Resolution unresolved(List<Finding> findings) {
        return new Resolution(Optional.empty(), List.copyOf(findings));
    }

    static Resolution unresolved(Finding finding) {
        return unresolved(List.of(finding));
    }
}
