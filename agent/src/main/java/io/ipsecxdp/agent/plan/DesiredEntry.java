package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.Origin;

/** An entry of the SAD or SPD that the node must have. Two equal values are one and the same order. */
public sealed interface DesiredEntry permits DesiredSa, DesiredPolicy {

    /** Name of the object that a user declared. */
    String name();

    Origin origin();

    /** Name of the NodePlan that lists the entry. */
    String slice();
}
