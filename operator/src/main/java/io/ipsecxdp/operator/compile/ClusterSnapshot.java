package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.SteeringPolicySpec;
import java.util.List;
import java.util.Set;

/**
 * The cluster as the informers had it at one moment.
 *
 * @param aliveAgents nodes whose agents renew their Leases
 */
public record ClusterSnapshot(
        List<Declared<SecurityAssociationSpec>> securityAssociations,
        List<Declared<SecurityPolicySpec>> securityPolicies,
        List<Declared<SteeringPolicySpec>> steeringPolicies,
        List<ClusterNode> nodes,
        List<AgentFacts> facts,
        List<ExistingSlice> slices,
        Set<String> aliveAgents) {

    public ClusterSnapshot {
        securityAssociations = List.copyOf(securityAssociations);
        securityPolicies = List.copyOf(securityPolicies);
        steeringPolicies = List.copyOf(steeringPolicies);
        nodes = List.copyOf(nodes);
        facts = List.copyOf(facts);
        slices = List.copyOf(slices);
        aliveAgents = Set.copyOf(aliveAgents);
    }
}
