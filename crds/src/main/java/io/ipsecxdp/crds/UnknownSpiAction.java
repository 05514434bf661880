package io.ipsecxdp.crds;

/** What becomes of packets that belong to no SA of the node. */
public enum UnknownSpiAction {
    /** They go up the stack, which refuses them. */
    Pass,
    /** They go up the stack, and the report lists who sends the most of them. */
    Count,
    /** They are listed and, after the learning period, dropped before the kernel spends time on them. */
    Drop
}
