package io.ipsecxdp.crds;

/** What the API server refuses of every {@link End}, and what their common fields mean. */
final class EndRules {

    static final String IS_NAMED = "has(self.node) || has(self.address)";
    static final String IS_NAMED_MESSAGE =
            "an end needs node (the name of a cluster node) or address (of a host outside the cluster)";

    static final String ADDRESS = "!has(self.address) || isIP(self.address)";
    static final String ADDRESS_MESSAGE = "address must be an IP address, for instance 192.0.2.1 or 2001:db8::1";

    static final String OFFLOAD = "!has(self.offload) || has(self.node)";
    static final String OFFLOAD_MESSAGE =
            "offload is to a network device of a cluster node: name the node, or remove offload";

    static final String ADDRESS_MEANS =
            "IP address of a host outside the cluster or, together with node, which of the node's addresses to use.";

    private EndRules() {}
}
