package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/**
 * What one node must have, or a slice of it. An empty plan orders removal; a plan that is missing orders nothing.
 *
 * <p>A list without entries may be there or not: when the last entry that a field manager owns goes, server-side apply
 * drops the list with it (structured-merge-diff, typed/remove.go, doList), so none of them can be required.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record NodePlanSpec(
        @Required @JsonPropertyDescription("Name of the node.")
        String node,

        @JsonPropertyDescription("SAs of the node.") List<PlannedSa> securityAssociations,

        @JsonPropertyDescription("Policies of the node.") List<PlannedPolicy> securityPolicies,

        @JsonPropertyDescription("What the node steers.") List<PlannedSteering> steering,

        @JsonPropertyDescription("The tunnels that the node is in.")
        List<PlannedTunnel> tunnels) {

    public NodePlanSpec {
        securityAssociations = securityAssociations == null ? List.of() : List.copyOf(securityAssociations);
        securityPolicies = securityPolicies == null ? List.of() : List.copyOf(securityPolicies);
        steering = steering == null ? List.of() : List.copyOf(steering);
        tunnels = tunnels == null ? List.of() : List.copyOf(tunnels);
    }

    /** A plan without tunnels. */
    public NodePlanSpec(
            String node,
            List<PlannedSa> securityAssociations,
            List<PlannedPolicy> securityPolicies,
            List<PlannedSteering> steering) {
        this(node, securityAssociations, securityPolicies, steering, List.of());
    }
}
