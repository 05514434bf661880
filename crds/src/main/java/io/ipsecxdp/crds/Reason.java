package io.ipsecxdp.crds;

/** Reasons of conditions and reports. Programs match on them, so a name never changes its meaning. */
public enum Reason {
    /** In force on every node concerned. */
    Installed,
    /** Handed to the agents; not all have reported yet. */
    Installing,
    /** Planned at one end, and held back at the other until the first one has it. The message names whom it waits for. */
    WaitsForPeer,
    /** Partly in force: some nodes failed. */
    PartlyInstalled,
    /** A SteeringPolicy that selects no node. */
    NoNodeSelected,

    /** An end names a node that does not exist. */
    NodeNotFound,
    /** The node has no InternalIP of the family that is needed. */
    NoAddressOfFamily,
    /** The address given with a node is not one of the node's. */
    AddressNotOnNode,
    /** The address of a host outside the cluster is a cluster node's. */
    AddressOfNode,
    /** The ends, as resolved, have addresses of different families. */
    MixedFamilies,
    /** The ends, as resolved, are the same. */
    SameEnds,
    /** The node does not have the CPU. */
    CpuNotOnNode,
    /** An object of this name was deleted, and a node still has what it was for. */
    StillBeingRemoved,
    /** Another object has the same destination, protocol and SPI. */
    DuplicateSpi,
    /** Another object uses the same entry of the same Secret. */
    KeyUsedTwice,
    /** Another policy has the same selector and priority, and takes packets with the same marks. */
    PriorityTaken,
    /** Another policy has the same selector: the kernel keeps one per selector and direction, whatever the priority. */
    DuplicateSelector,
    /** An object that was accepted by an older CRD and is not valid. */
    Invalid,
    /** A Tunnel or SecurityPolicy has the same packets between the same nodes. */
    TrafficTaken,
    /** A Tunnel whose spec.paused is true: its traffic is in the clear. */
    Paused,
    /** A Tunnel that selects a node which has no other one to be in a pair with. */
    NoPeerSelected,
    /** A Tunnel selects a node at both of its ends. */
    EndsOverlap,
    /** A Tunnel protects pods, and the node has no pod CIDR. */
    NoPodCidr,
    /** A Tunnel in force whose new keys wait for a node that does not follow. */
    RekeyWaits,
    /** A Tunnel in force, and pods on the node may send packets that do not fit into its own in one piece. */
    MtuTooLarge,
    /** Another SteeringPolicy has the interface. */
    InterfaceTaken,
    /** The agent of a node does not renew its Lease, or never has. */
    AgentNotReporting,
    /** The agent of a node is there, and its work on the kernel fails for a while already; the message has the cause. */
    AgentFailing,

    /** The Secret or its entry does not exist. */
    KeyMissing,
    /** The Secret is of another type, or the entry has another length than the algorithm needs. */
    KeyInvalid,
    /** Another SA has, or had, the same key bytes, on this node or on another one. */
    KeyReused,
    /** The key was used before and its last sequence number is not known. */
    NonceAtRisk,
    /** The key was used before, and up to which sequence number it was received is not known. */
    ReplayAtRisk,
    /** The agent's key ledger was damaged: what it does not know of a key says nothing. */
    LedgerDamaged,
    /** The entry of the Secret changed under an SA that is in force. */
    KeyChanged,
    /** The kernel has an SA or a policy of somebody else in this place. */
    ForeignEntry,
    /** A soft limit was met: the SA goes on, and needs a successor before its hard limit. */
    SoftExpired,
    /** A hard limit was met: the kernel deleted the SA, and it is never installed again. */
    Expired,
    /** The sequence number came to its end: the SA sends nothing more. */
    SequenceExhausted,
    /** The kernel cannot do what is asked. */
    Unsupported,
    /** The kernel refused; the message has its words. */
    KernelRefused,
    /** The policy covers, or may cover, the node's way to its API server, and no bypass stands before it. */
    CoversApiServer,
    /** The interface does not exist. */
    InterfaceNotFound,
    /** Another XDP program is on the interface. */
    ForeignProgram,
    /** The API server could not be asked for the key. */
    KeyUnreadable,
    /** An offload hides VLAN tags from XDP, and the policy says not to steer there. */
    VlanOffload,
    /** Redirected packets came to no queue of a CPU, so steering was ended there. */
    RedirectLost,
    /** Packets were lost because the queue of a CPU was full. */
    QueueOverflow,
    /** Packets come that a policy selects, and no SA is there for them (RFC 9061: sadb-acquire). */
    NoSecurityAssociation,
    /** Packets come that belong to no SA (RFC 9061: sadb-bad-spi). */
    UnknownSpi,
    /** The kernel has SAs or policies that the agent cannot read; it skips them, as they are not ours. */
    UnreadableEntry
}
