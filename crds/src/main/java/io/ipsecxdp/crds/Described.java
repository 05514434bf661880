package io.ipsecxdp.crds;

/** What fields of several statuses and reports mean: one sentence for each, which {@code kubectl explain} shows. */
final class Described {

    static final String OBSERVED_GENERATION = "Generation that this status is about; -1 as long as there is none.";
    static final String SOURCE = "Address of the source, as resolved.";
    static final String DESTINATION = "Address of the destination, as resolved.";
    static final String FAILED_NODES = "Nodes that reported a failure.";
    static final String CONDITIONS = "Ready, Reconciling, Stalled and Degraded.";

    static final String REPORTED_GENERATION = "Generation that this is about.";
    static final String STATE = "Installed, Pending or Failed.";
    static final String REASON = "Why, in one CamelCase word.";
    static final String MESSAGE = "Why, and what to do about it.";

    /** Of counters in a status: who watches it is not woken because there is traffic. */
    static final String TOLD_SELDOM =
            "Told when a counter began to count, or changed by a fifth; once a minute at most.";

    private Described() {}
}
