package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/** What became of a policy. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record FlowStatus(
        @JsonPropertyDescription(Described.OBSERVED_GENERATION)
        Long observedGeneration,

        @JsonPropertyDescription(Described.SOURCE) String source,

        @JsonPropertyDescription(Described.DESTINATION) String destination,

        @JsonPropertyDescription("Nodes where it must be installed.")
        Integer desiredNodes,

        @JsonPropertyDescription("Nodes whose kernel has it.")
        Integer readyNodes,

        @JsonPropertyDescription(Described.FAILED_NODES) Integer failedNodes,

        @JsonPropertyDescription("Up to 10 of the nodes where it is not installed, with the reason.")
        List<FailingNode> failingNodes,

        @JsonPropertyDescription(Described.CONDITIONS) List<Condition> conditions)
        implements DeclaredStatus {

    public FlowStatus {
        failingNodes = failingNodes == null ? List.of() : List.copyOf(failingNodes);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }
}
