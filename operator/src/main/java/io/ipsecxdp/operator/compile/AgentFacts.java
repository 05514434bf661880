package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.NodeCapabilities;
import java.util.Optional;
import java.util.Set;

/**
 * What the agent of a node found out about it. What it does not say is unknown, not absent.
 *
 * @param cpus online CPUs
 * @param capabilities what its kernel can do
 * @param addresses addresses of all interfaces; empty as long as none are known, for every host has some
 */
public record AgentFacts(
        String node, Optional<CpuList> cpus, Set<IpAddress> addresses, Optional<NodeCapabilities> capabilities) {
    public AgentFacts {
        addresses = Set.copyOf(addresses);
    }

    static AgentFacts unknown(String node) {
        return new AgentFacts(node, Optional.empty(), Set.of(), Optional.empty());
    }
}
