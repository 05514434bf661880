package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/** What became of a steering policy. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SteeringStatus(
        @JsonPropertyDescription(Described.OBSERVED_GENERATION)
        Long observedGeneration,

        @JsonPropertyDescription("Nodes that the policy selects.")
        Integer desiredNodes,

        @JsonPropertyDescription("Nodes that steer on all interfaces of the policy.")
        Integer readyNodes,

        @JsonPropertyDescription(Described.FAILED_NODES) Integer failedNodes,

        @JsonPropertyDescription("Up to 10 of the nodes that do not steer as declared, with the reason.")
        List<FailingNode> failingNodes,

        @JsonPropertyDescription(Described.CONDITIONS) List<Condition> conditions)
        implements DeclaredStatus {

    public SteeringStatus {
        failingNodes = failingNodes == null ? List.of() : List.copyOf(failingNodes);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }
}
