package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.crds.Reason;

/** How an object does on one node. */
sealed interface ObjectOnNode {
    String node();

    /** Read back from the kernel, all of it. */
    record InForce(String node) implements ObjectOnNode {}

    /** In force, and there is something about it that a person must put right. */
    record Impaired(String node, String reason, String message) implements ObjectOnNode {}

    /** Planned; the agent is at it. */
    record Waiting(String node) implements ObjectOnNode {}

    /** Held back, or not yet as declared, until another node has done its part. */
    record Held(String node, String message) implements ObjectOnNode {}

    /** Not planned there in this version. */
    record NotPlanned(String node) implements ObjectOnNode {}

    /** The agent, or compile, says that it cannot be. */
    record Failed(String node, String reason, String message) implements ObjectOnNode {}

    /** Nobody speaks for the node, or not of what its kernel has. */
    record Silent(String node, Reason reason, String message) implements ObjectOnNode {}
}
