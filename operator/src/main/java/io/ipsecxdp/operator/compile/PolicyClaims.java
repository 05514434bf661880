package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;

import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelSpec;
import io.ipsecxdp.crds.TunnelTraffic;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Settles whether a tunnel or a policy has packets that only one can have: the one that is in force, else the older. Both sides
 * ask here, each for itself, and come to the same.
 */
final class PolicyClaims {
    /** The older first, of whatever kind. */
    private static final Comparator<Declared<?>> BY_AGE =
            Comparator.<Declared<?>, Instant>comparing(Declared::created).thenComparing(Declared::uid);

    private final Declarations declared;
    private final ClusterNodes cluster;
    private final Ends ends;
    private final InForce entries;
    private final TunnelState state;
    private final List<Side> tunnels;
    private final Map<String, Declared<SecurityPolicySpec>> policies;
    private final Map<String, List<Placed>> inForce;
    private Optional<Map<String, List<Placed>>> wanted = Optional.empty();

    /**
     * A tunnel.
     *
     * @param declared empty if it was deleted
     * @param there the nodes that are in it, by name, with the end that each is of
     * @param selected the nodes that are to be in it
     */
    private record Side(
            ObjectKey key,
            Optional<Declared<TunnelSpec>> declared,
            TunnelTraffic traffic,
            Map<String, Integer> there,
            Map<String, Integer> selected) {

        boolean has(String node, String other) {
            return isPair(there, node, other);
        }
    }

    PolicyClaims(Declarations declared, ClusterNodes cluster, Ends ends, InForce entries, TunnelState state) {
        this.declared = declared;
        this.cluster = cluster;
        this.ends = ends;
        this.entries = entries;
        this.state = state;
        this.policies =
                declared.of(DeclaredKind.SECURITY_POLICY).stream().collect(toMap(Declared::uid, policy -> policy));
        this.inForce = entries.all()
                .filter(placed -> placed.entry() instanceof Entry.Policy)
                .collect(groupingBy(Placed::node));
        this.tunnels = tunnels();
    }

    private List<Side> tunnels() {
        var there = new HashMap<String, Map<String, Integer>>();
        state.peers()
                .forEach(slice -> slice.spec()
                        .peers()
                        .forEach(peer -> there.computeIfAbsent(slice.spec().uid(), none -> new HashMap<>())
                                .put(peer.node(), peer.end())));
        var sides = new ArrayList<Side>();
        var known = new HashSet<String>();
        for (var tunnel : declared.of(DeclaredKind.TUNNEL)) {
            known.add(tunnel.uid());
            sides.add(new Side(
                    tunnel.key(),
                    Optional.of(tunnel),
                    tunnel.spec().traffic(),
                    there.getOrDefault(tunnel.uid(), Map.of()),
                    selected(tunnel.spec())));
        }
        var gone = new HashMap<String, PlannedTunnel>();
        entries.all().forEach(placed -> {
            if (placed.entry() instanceof Entry.OfTunnel(PlannedTunnel planned) && !known.contains(planned.uid())) {
                gone.putIfAbsent(planned.uid(), planned);
            }
        });
        gone.forEach((uid, planned) -> sides.add(new Side(
                new ObjectKey(DeclaredKind.TUNNEL, planned.name()),
                Optional.empty(),
                planned.traffic(),
                there.getOrDefault(uid, Map.of()),
                Map.of())));
        sides.sort(Comparator.comparing(Side::key));
        return sides;
    }

    private Map<String, Integer> selected(TunnelSpec spec) {
        return spec.paused() || !Validity.of(spec).isEmpty()
                ? Map.of()
                : Optional.of(TunnelSelection.of(spec, cluster))
                        .filter(selection -> selection.findings().isEmpty())
                        .<Map<String, Integer>>map(TunnelSelection::nodes)
                        .orElse(Map.of());
    }

    /** Why a policy cannot have its packets. */
    Optional<Finding> conflict(Declared<SecurityPolicySpec> policy, List<Placed> wanted) {
        return tunnels.stream()
                .flatMap(tunnel -> wanted.stream().flatMap(placed -> taken(policy, placed, tunnel).stream()))
                .findFirst();
    }

    private Optional<Finding> taken(Declared<SecurityPolicySpec> policy, Placed wanted, Side tunnel) {
        String node = wanted.node();
        var nodes = new HashMap<>(tunnel.selected());
        nodes.putAll(tunnel.there());
        return contended(tunnel.traffic(), nodes, node, planned(wanted))
                .filter(other -> {
                    boolean has = tunnel.has(node, other);
                    boolean isThere = entries.of(policy).stream()
                            .anyMatch(placed -> contended(tunnel.traffic(), nodes, placed.node(), planned(placed))
                                    .anyMatch(Set.of(node, other)::contains));
                    return has == isThere
                            ? tunnel.declared()
                                    .filter(older -> BY_AGE.compare(older, policy) > 0)
                                    .isEmpty()
                            : has;
                })
                .findFirst()
                .map(other -> tunnel.declared().isEmpty()
                        ? Arbiter.stillHeld(tunnel.key())
                        : Finding.of(
                                Reason.TrafficTaken,
                                "%s already protects packets of this policy between node %s and node %s: select other packets here, take one of these nodes out of spec.ends of the tunnel, or delete one of the two"
                                        .formatted(tunnel.key(), node, other)));
    }

    /** Why a tunnel cannot have a node that is not in it. */
    Optional<Finding> conflict(Declared<TunnelSpec> tunnel, Map<String, Integer> selected, String node) {
        var traffic = tunnel.spec().traffic();
        return Stream.concat(
                        entries(node),
                        wanted(node)
                                .filter(policy -> BY_AGE.compare(
                                                policies.get(policy.entry().uid()), tunnel)
                                        < 0))
                .flatMap(policy -> contended(traffic, selected, node, planned(policy))
                        .findFirst()
                        .map(other -> finding(policy, node, other))
                        .stream())
                .findFirst();
    }

    private Finding finding(Placed policy, String node, String other) {
        var key = policy.entry().key().object();
        return policies.containsKey(policy.entry().uid())
                ? Finding.on(
                        node,
                        Reason.TrafficTaken,
                        "%s already has packets of its traffic with node %s: let the policy select other packets, leave one of the two nodes out of spec.ends, or delete the policy"
                                .formatted(key, other))
                : Finding.on(
                        node, Reason.StillBeingRemoved, Arbiter.stillHeld(key).message());
    }

    private Stream<Placed> entries(String node) {
        return inForce.getOrDefault(node, List.of()).stream();
    }

    /** What all policies ask a node for. It is found out for tunnels that get another node, and for no others. */
    private Stream<Placed> wanted(String node) {
        if (wanted.isEmpty()) {
            wanted = Optional.of(policies.values().stream()
                    .flatMap(policy -> PolicyCompiler.entries(ends, policy).stream())
                    .collect(groupingBy(Placed::node)));
        }
        return wanted.get().getOrDefault(node, List.of()).stream();
    }

    private static PlannedPolicy planned(Placed placed) {
        return ((Entry.Policy) placed.entry()).planned();
    }

    /** The nodes with which {@code node} is in a pair of whose traffic the policy takes something. */
    private Stream<String> contended(
            TunnelTraffic traffic, Map<String, Integer> nodes, String node, PlannedPolicy policy) {
        boolean leaves = policy.direction() == PolicyDirection.Out;
        String near = leaves ? policy.selectorSource() : policy.selectorDestination();
        return cluster.node(node).stream()
                .filter(here -> IpPrefix.parse(near)
                        .filter(prefix -> TunnelFlow.near(traffic, here).anyMatch(prefix::overlaps))
                        .isPresent())
                .flatMap(here -> nodes.keySet().stream()
                        .filter(other -> isPair(nodes, node, other))
                        .sorted()
                        .filter(other -> cluster.node(other).stream()
                                .flatMap(there -> leaves
                                        ? TunnelFlow.of(traffic, here, nodes.get(node), there)
                                        : TunnelFlow.of(traffic, there, nodes.get(other), here))
                                .anyMatch(flow -> flow.contendsWith(policy))));
    }

    private static boolean isPair(Map<String, Integer> nodes, String node, String other) {
        return !node.equals(other)
                && nodes.containsKey(node)
                && nodes.containsKey(other)
                && TunnelPeer.isPair(nodes.get(node), nodes.get(other));
    }
}
