package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/** What became of a policy. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record FlowStatus(
        @JsonPropertyDescription("Generation that this status is about; -1 as long as there is none.")
        Long observedGeneration,

        @JsonPropertyDescription("Address of the source, as resolved.")
        String source,

        @JsonPropertyDescription("Address of the destination, as resolved.")
        String destination,

        @JsonPropertyDescription("Nodes where it must be installed.")
        Integer desiredNodes,

        @JsonPropertyDescription("Nodes whose kernel has it.")
        Integer readyNodes,

        @JsonPropertyDescription("Nodes that reported a failure.")
        Integer failedNodes,

        @JsonPropertyDescription("Up to 10 of the nodes where it is not installed, with the reason.")
        List<FailingNode> failingNodes,

        @JsonPropertyDescription("Ready, Reconciling, Stalled and Degraded.")
        List<Condition> conditions)
        implements DeclaredStatus {

    public FlowStatus {
        failingNodes = failingNodes == null ? List.of() : List.copyOf(failingNodes);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }
}
