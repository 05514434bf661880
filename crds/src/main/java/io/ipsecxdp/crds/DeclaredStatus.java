package io.ipsecxdp.crds;

import java.util.List;

/** What the status of everything that users declare has in common. */
public sealed interface DeclaredStatus permits SecurityAssociationStatus, FlowStatus, SteeringStatus, TunnelStatus {
    Long observedGeneration();

    Integer desiredNodes();

    Integer readyNodes();

    Integer failedNodes();

    List<FailingNode> failingNodes();

    List<Condition> conditions();
}
