package io.ipsecxdp.crds;

import java.util.Optional;

/** One end of an SA or of a flow: a cluster node, or a host outside the cluster. */
public sealed interface End permits SaEnd, PolicyEnd {
    /** Name of the cluster node; null for a host outside the cluster. */
    String node();

    /** Address of the end; null for a node that is to use one of its InternalIPs. */
    String address();

    default Optional<String> nodeName() {
        return Optional.ofNullable(node());
    }

    default Optional<String> addressText() {
        return Optional.ofNullable(address());
    }
}
