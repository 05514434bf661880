package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/**
 * What one node must have, or a slice of it. An empty plan orders removal; a plan that is missing orders nothing.
 *
 * <p>Empty lists are written, not left out: server-side apply must see that the operator owns them.
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record NodePlanSpec(
        @Required @JsonPropertyDescription("Name of the node.")
        String node,

        @Required @JsonPropertyDescription("SAs of the node.")
        List<PlannedSa> securityAssociations,

        @Required @JsonPropertyDescription("Policies of the node.")
        List<PlannedPolicy> securityPolicies,

        @Required @JsonPropertyDescription("What the node steers.")
        List<PlannedSteering> steering) {

    public NodePlanSpec {
        securityAssociations = securityAssociations == null ? List.of() : List.copyOf(securityAssociations);
        securityPolicies = securityPolicies == null ? List.of() : List.copyOf(securityPolicies);
        steering = steering == null ? List.of() : List.copyOf(steering);
    }
}
