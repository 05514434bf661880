package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/** What became of a steering policy. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SteeringStatus(
        @JsonPropertyDescription("Generation that this status is about; -1 as long as there is none.")
        Long observedGeneration,

        @JsonPropertyDescription("Nodes that the policy selects.")
        Integer desiredNodes,

        @JsonPropertyDescription("Nodes that steer on all interfaces of the policy.")
        Integer readyNodes,

        @JsonPropertyDescription("Nodes that reported a failure.")
        Integer failedNodes,

        @JsonPropertyDescription("Up to 10 of the nodes that do not steer as declared, with the reason.")
        List<FailingNode> failingNodes,

        @JsonPropertyDescription("Ready, Reconciling, Stalled and Degraded.")
        List<Condition> conditions)
        implements DeclaredStatus {

    public SteeringStatus {
        failingNodes = failingNodes == null ? List.of() : List.copyOf(failingNodes);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }
}
