package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import java.util.Optional;

/** What became of an SA. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SecurityAssociationStatus(
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
        List<Condition> conditions,

        @JsonPropertyDescription(
                "Nodes where the SA was installed once, and which nodes they were then. It outlives the node, its disk "
                        + "and its NodePlan, so that no key is ever taken for fresh a second time.")
        List<KeyUseOnNode> keyUsedOn,

        @JsonPropertyDescription(
                "The SecurityAssociation that has, or had, the same key first, wherever in the cluster that is. This one "
                        + "never sends with it.")
        KeyHolder keyHeldBy)
        implements DeclaredStatus {

    public SecurityAssociationStatus {
        failingNodes = failingNodes == null ? List.of() : List.copyOf(failingNodes);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        keyUsedOn = keyUsedOn == null ? List.of() : List.copyOf(keyUsedOn);
    }

    /** The SA that has, or had, the same key first. */
    public Optional<KeyHolder> keyHolder() {
        return Optional.ofNullable(keyHeldBy);
    }
}
