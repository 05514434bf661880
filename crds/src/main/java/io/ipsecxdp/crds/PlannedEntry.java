package io.ipsecxdp.crds;

/** One thing that a node is to have, by the object that declares it. */
public sealed interface PlannedEntry permits PlannedSa, PlannedPolicy, PlannedSteering, PlannedTunnel {

    /** Name of the declared object. */
    String name();

    /** Uid of the declared object. */
    String uid();

    /** Generation of the declared object that this was planned for. */
    Long generation();
}
