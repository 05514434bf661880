package io.ipsecxdp.operator.compile;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What is known of the nodes, indexed. */
final class ClusterNodes {
    private final SortedMap<String, ClusterNode> nodes;
    private final Map<String, AgentFacts> facts;
    private final Map<IpAddress, String> owners;

    ClusterNodes(Collection<ClusterNode> nodes, Collection<AgentFacts> facts) {
        this.nodes = new TreeMap<>(nodes.stream().collect(toMap(ClusterNode::name, identity())));
        this.facts = facts.stream().collect(toMap(AgentFacts::node, identity()));
        this.owners = owners(this.nodes.values(), this.facts.values());
    }

    Collection<ClusterNode> nodes() {
        return nodes.values();
    }

    Optional<ClusterNode> node(String name) {
        return Optional.ofNullable(nodes.get(name));
    }

    AgentFacts factsOf(String node) {
        return facts.getOrDefault(node, AgentFacts.unknown(node));
    }

    /** All addresses that {@code node} is known to have. */
    Set<IpAddress> addressesOf(ClusterNode node) {
        var addresses = new HashSet<>(factsOf(node.name()).addresses());
        addresses.addAll(node.internalAddresses());
        addresses.addAll(node.otherAddresses());
        return addresses;
    }

    /** The node that has {@code address}. */
    Optional<String> ownerOf(IpAddress address) {
        return Optional.ofNullable(owners.get(address));
    }

    /**
     * What a Node object lists is the node's. Of the addresses that agents see on interfaces only those count that one
     * node alone has: the bridge of a container runtime, or a service address under IPVS, is the same on every node and
     * says nothing of where a host outside the cluster is.
     */
    private static Map<IpAddress, String> owners(Collection<ClusterNode> nodes, Collection<AgentFacts> facts) {
        var seenOn = new HashMap<IpAddress, List<String>>();
        for (var fact : facts) {
            for (var address : fact.addresses()) {
                seenOn.computeIfAbsent(address, none -> new ArrayList<>()).add(fact.node());
            }
        }
        var owners = new HashMap<IpAddress, String>();
        seenOn.forEach((address, on) -> {
            if (on.size() == 1 && !address.isOfOneHostOnly()) {
                owners.put(address, on.getFirst());
            }
        });
        for (var node : nodes) {
            node.otherAddresses().forEach(address -> owners.put(address, node.name()));
        }
        for (var node : nodes) {
            node.internalAddresses().forEach(address -> owners.put(address, node.name()));
        }
        return owners;
    }
}
