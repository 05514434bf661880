package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.partitioningBy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Compiles what users declare to the plans of the nodes. */
public final class Compiler {
    private Compiler() {}

    /** The same snapshot, in whatever order its parts come, gives the same compilation. */
    public static Compilation compile(ClusterSnapshot snapshot) {
        var cluster = new ClusterNodes(snapshot.nodes(), snapshot.facts());
        var slices = snapshot.slices().stream().collect(partitioningBy(slice -> isAbandoned(slice, cluster, snapshot)));
        var inForce = new InForce(slices.get(false));

        var settled = new TreeMap<ObjectKey, Arbiter.Settled>();
        var lingering = new ArrayList<Placed>();
        var kernels = new KernelStates(snapshot, cluster, inForce, slices.get(false));
        var ends = new Ends(cluster, new AddressesInForce(snapshot.declared(), inForce));
        var sharedKeys = new SharedKeys(snapshot.declared(), inForce, kernels, snapshot.keys());
        var claims = new PolicyClaims(snapshot.declared(), cluster, ends, inForce, snapshot.tunnels());
        var input = new CompilerInput(
                snapshot.declared(),
                cluster,
                ends,
                inForce,
                kernels,
                snapshot.keys(),
                sharedKeys,
                snapshot.tunnels(),
                claims);
        var members = TunnelMembers.NONE;
        for (var kind : DeclaredKind.ALL) {
            var compiled = kind.compile(input);
            settled.putAll(compiled.objects());
            lingering.addAll(compiled.lingering());
            members = members.and(compiled.peers());
        }

        return new Compilation(
                plans(settled.values(), lingering, slices.get(false), cluster),
                slices.get(true).stream().map(ExistingSlice::name).sorted().toList(),
                verdicts(settled),
                sharedKeys.holders(),
                members);
    }

    /** A plan is given up only when its node is gone and no agent reads it: one that lives without a plan holds. */
    private static boolean isAbandoned(ExistingSlice slice, ClusterNodes cluster, ClusterSnapshot snapshot) {
        String node = slice.spec().node();
        return cluster.node(node).isEmpty() && !snapshot.aliveAgents().contains(node);
    }

    /**
     * A node gets its first plan with its first entry. A plan for every node would, where plans were lost, tell agents
     * to remove what nobody ordered to remove.
     */
    private static List<PlannedSlice> plans(
            Collection<Arbiter.Settled> settled,
            Collection<Placed> lingering,
            Collection<ExistingSlice> existing,
            ClusterNodes cluster) {
        var entries = Stream.concat(settled.stream().flatMap(object -> object.placed().stream()), lingering.stream())
                .collect(groupingBy(Placed::node));
        Map<String, List<ExistingSlice>> slices =
                existing.stream().collect(groupingBy(slice -> slice.spec().node()));
        var nodes = new TreeSet<>(entries.keySet());
        nodes.addAll(slices.keySet());
        var slicer = new Slicer(existing);
        var plans = new ArrayList<PlannedSlice>();
        for (String node : nodes) {
            plans.addAll(slicer.slice(
                    node,
                    cluster.node(node).map(ClusterNode::uid),
                    entries.getOrDefault(node, List.of()).stream()
                            .map(Placed::entry)
                            .toList(),
                    slices.getOrDefault(node, List.of())));
        }
        return plans;
    }

    private static SortedMap<ObjectKey, Verdict> verdicts(SortedMap<ObjectKey, Arbiter.Settled> settled) {
        var verdicts = new TreeMap<ObjectKey, Verdict>();
        settled.forEach((key, object) -> verdicts.put(key, object.verdict()));
        return verdicts;
    }
}
