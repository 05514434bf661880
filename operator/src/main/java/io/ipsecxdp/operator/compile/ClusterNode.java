package io.ipsecxdp.operator.compile;

import java.util.List;
import java.util.Map;

/**
 * What the API server says of a node.
 *
 * @param internalAddresses its addresses of type InternalIP, in the order of the node's status
 * @param otherAddresses its addresses of other types
 * @param podCidrs the prefixes of its pods, if the cluster allots such
 */
public record ClusterNode(
        String name,
        String uid,
        Map<String, String> labels,
        List<IpAddress> internalAddresses,
        List<IpAddress> otherAddresses,
        List<IpPrefix> podCidrs) {

    public ClusterNode {
        labels = Map.copyOf(labels);
        internalAddresses = List.copyOf(internalAddresses);
        otherAddresses = List.copyOf(otherAddresses);
        podCidrs = List.copyOf(podCidrs);
    }
}
