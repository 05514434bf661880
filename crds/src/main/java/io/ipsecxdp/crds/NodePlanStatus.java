package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/**
 * What one node has. Written by its agent from what it read back from the kernel. Nothing in it counts packets: it is
 * written when what the node has changes, and not because there is traffic.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record NodePlanStatus(
        @JsonPropertyDescription("Generation of the plan that this is about.")
        Long observedGeneration,

        @JsonPropertyDescription(
                "Boot id and network namespace cookie of the node's kernel: what was installed under another one "
                        + "is gone.")
        String boot,

        @JsonPropertyDescription("Entries in force, of all entries, for example 6/6.")
        String installed,

        @JsonPropertyDescription("The SAs.") List<SaReport> securityAssociations,

        @JsonPropertyDescription("The policies.") List<PolicyReport> securityPolicies,

        @JsonPropertyDescription("The steered interfaces.") List<SteeringReport> steering,

        @JsonPropertyDescription("Ready, Reconciling and Degraded.")
        List<Condition> conditions,

        @JsonPropertyDescription("The tunnels.") List<TunnelReport> tunnels) {

    public NodePlanStatus {
        securityAssociations = securityAssociations == null ? List.of() : List.copyOf(securityAssociations);
        securityPolicies = securityPolicies == null ? List.of() : List.copyOf(securityPolicies);
        steering = steering == null ? List.of() : List.copyOf(steering);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        tunnels = tunnels == null ? List.of() : List.copyOf(tunnels);
    }

    /** The status of a plan without tunnels. */
    public NodePlanStatus(
            Long observedGeneration,
            String boot,
            String installed,
            List<SaReport> securityAssociations,
            List<PolicyReport> securityPolicies,
            List<SteeringReport> steering,
            List<Condition> conditions) {
        this(
                observedGeneration,
                boot,
                installed,
                securityAssociations,
                securityPolicies,
                steering,
                conditions,
                List.of());
    }
}
