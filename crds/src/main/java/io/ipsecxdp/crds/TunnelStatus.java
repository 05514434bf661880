package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/** What became of a tunnel. A pair is two nodes; it is in force when both encrypt what they send and require it of the other. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TunnelStatus(
        @JsonPropertyDescription("Generation that this status is about; -1 as long as there is none.")
        Long observedGeneration,

        @JsonPropertyDescription("Nodes of the tunnel.") Integer desiredNodes,

        @JsonPropertyDescription("Nodes all of whose pairs are in force.")
        Integer readyNodes,

        @JsonPropertyDescription("Nodes that reported a failure.")
        Integer failedNodes,

        @JsonPropertyDescription("Up to 10 of the nodes with a pair that is not in force, with the reason.")
        List<FailingNode> failingNodes,

        @JsonPropertyDescription("Pairs in force, of all pairs, for example 3/3.")
        String pairs,

        @JsonPropertyDescription("When the oldest key in use was made (RFC 3339).")
        String oldestKey,

        @JsonPropertyDescription("The largest packet that passes every pair in one piece, in bytes.")
        Integer mtu,

        @JsonPropertyDescription("Ready, Reconciling, Stalled and Degraded.")
        List<Condition> conditions)
        implements DeclaredStatus {

    public TunnelStatus {
        failingNodes = failingNodes == null ? List.of() : List.copyOf(failingNodes);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }
}
