package io.ipsecxdp.operator.compile;

import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * The cluster as the informers had it at one moment.
 *
 * @param reports what the agents say of the plans
 * @param keys where keys were used before
 * @param tunnels what is known of tunnels besides plans and declarations
 * @param aliveAgents nodes whose agents renew their Leases
 * @param now that moment: what decides has no clock
 */
public record ClusterSnapshot(
        Declarations declared,
        List<ClusterNode> nodes,
        List<AgentFacts> facts,
        List<ExistingSlice> slices,
        Reports reports,
        KeyMemory keys,
        TunnelState tunnels,
        Set<String> aliveAgents,
        Instant now) {

    public ClusterSnapshot {
        nodes = List.copyOf(nodes);
        facts = List.copyOf(facts);
        slices = List.copyOf(slices);
        aliveAgents = Set.copyOf(aliveAgents);
    }
}
