package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelTraffic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Settles which tunnel has the traffic of two nodes, which only one can have. */
final class TunnelClaims {
    private final ClusterNodes cluster;
    private final List<Holder> holders = new ArrayList<>();

    TunnelClaims(ClusterNodes cluster) {
        this.cluster = cluster;
    }

    /**
     * A tunnel, and the nodes that are settled to be in it.
     *
     * @param gone whether it was deleted
     * @param nodes by name, with the end that each is of
     */
    record Holder(ObjectKey key, boolean gone, TunnelTraffic traffic, SortedMap<String, Integer> nodes) {
        static Holder of(ObjectKey key, boolean gone, TunnelTraffic traffic) {
            return new Holder(key, gone, traffic, new TreeMap<>());
        }
    }

    void add(Holder holder) {
        holders.add(holder);
    }

    /** Why a tunnel cannot have a node. */
    Optional<Finding> conflict(Holder asking, Map<String, Integer> selected, String node) {
        return holders.stream()
                .filter(holder -> !holder.key().equals(asking.key()) || holder.gone())
                .filter(holder -> mayOverlap(holder.traffic(), asking.traffic()))
                .flatMap(holder -> shared(asking, selected, node, holder)
                        .map(other -> holder.gone()
                                ? Finding.on(
                                        node,
                                        Reason.StillBeingRemoved,
                                        Arbiter.stillHeld(holder.key()).message())
                                : Finding.on(
                                        node,
                                        Reason.TrafficTaken,
                                        "%s already protects its traffic with node %s: give one of the two tunnels other nodes or other traffic, or delete one"
                                                .formatted(holder.key(), other)))
                        .stream())
                .findFirst();
    }

    /** A node with which {@code node} is in a pair of both tunnels, for traffic of both. */
    private Optional<String> shared(Holder asking, Map<String, Integer> selected, String node, Holder holder) {
        var held = holder.nodes().get(node);
        return held == null
                ? Optional.empty()
                : holder.nodes().entrySet().stream()
                        .filter(other -> !other.getKey().equals(node) && TunnelPeer.isPair(held, other.getValue()))
                        .filter(other -> Optional.ofNullable(selected.get(other.getKey()))
                                .filter(end -> TunnelPeer.isPair(selected.get(node), end))
                                .isPresent())
                        .map(Map.Entry::getKey)
                        .filter(other -> overlap(asking.traffic(), holder.traffic(), node, other))
                        .findFirst();
    }

    /** Pods' packets and those that carry them are not the same. */
    private static boolean mayOverlap(TunnelTraffic one, TunnelTraffic other) {
        boolean bothOverlay =
                one.encapsulated().isPresent() && other.encapsulated().isPresent();
        return bothOverlay
                ? one.encapsulated().equals(other.encapsulated())
                : !(one.encapsulated().isPresent() && other.selected().isEmpty()
                        || other.encapsulated().isPresent() && one.selected().isEmpty());
    }

    private boolean overlap(TunnelTraffic one, TunnelTraffic other, String node, String peer) {
        return one.encapsulated().isPresent() && one.encapsulated().equals(other.encapsulated())
                || flows(one, node, peer)
                        .anyMatch(flow -> flows(other, node, peer).anyMatch(flow::overlaps));
    }

    /** Traffic between two prefixes, in both directions. */
    private record PrefixPair(IpPrefix one, IpPrefix other) {
        boolean overlaps(PrefixPair flow) {
            return one.overlaps(flow.one) && other.overlaps(flow.other)
                    || one.overlaps(flow.other) && other.overlaps(flow.one);
        }
    }

    private Stream<PrefixPair> flows(TunnelTraffic traffic, String node, String peer) {
        if (!traffic.selected().isEmpty()) {
            return traffic.selected().stream()
                    .flatMap(selector -> IpPrefix.parse(selector.source()).stream()
                            .flatMap(source -> IpPrefix.parse(selector.destination()).stream()
                                    .map(destination -> new PrefixPair(source, destination))));
        }
        boolean overlay = traffic.encapsulated().isPresent();
        return prefixes(node, overlay)
                .flatMap(one -> prefixes(peer, overlay)
                        .filter(other -> one.family() == other.family())
                        .map(other -> new PrefixPair(one, other)));
    }

    private Stream<IpPrefix> prefixes(String node, boolean overlay) {
        return cluster.node(node).stream()
                .flatMap(there ->
                        overlay ? there.internalAddresses().stream().map(IpPrefix::of) : there.podCidrs().stream());
    }
}
