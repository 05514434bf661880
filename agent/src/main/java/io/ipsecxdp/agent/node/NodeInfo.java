package io.ipsecxdp.agent.node;

import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.crds.CpuList;
import java.util.List;
import java.util.Map;

/**
 * What the node is, as far as it may change while the agent runs.
 *
 * @param cpus those that are online
 * @param addresses of the interfaces that have some of a wider scope than the link, by name
 * @param moreAddresses how many there are besides
 */
public record NodeInfo(CpuList cpus, Map<String, List<String>> addresses, int moreAddresses, ApiServerWay apiServer) {

    public NodeInfo {
        addresses = Map.copyOf(addresses);
    }

    /** The same with other CPUs online. */
    public NodeInfo with(CpuList online) {
        return new NodeInfo(online, addresses, moreAddresses, apiServer);
    }
}
