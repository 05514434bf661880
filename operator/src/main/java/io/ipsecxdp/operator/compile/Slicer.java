package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.PlannedTunnel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Cuts what a node must have into NodePlans of bounded size. An entry never leaves the slice that it is in. */
final class Slicer {
    /**
     * Entries of one NodePlan, as many as EndpointSlice has endpoints. Each server-side apply, of spec or of status, costs
     * the API server about a millisecond per entry of the slice (measured), so a change is cheap in a small one; and with
     * the longest names, status and managed fields it is a quarter of a MiB, far from etcd's limit of 1.5.
     */
    static final int MAX_ENTRIES = 100;

    private static final int MAX_NAME_LENGTH = 253;
    private static final int SUFFIX_ROOM = 10;

    private final Set<String> usedNames;

    Slicer(Collection<ExistingSlice> existing) {
        this.usedNames = new HashSet<>();
        existing.forEach(slice -> usedNames.add(slice.name()));
    }

    /** Slices in the order in which they were made: their names differ in a number at the end. */
    static List<ExistingSlice> inOrder(Collection<ExistingSlice> slices) {
        return slices.stream()
                .sorted(Comparator.comparingInt(
                                (ExistingSlice slice) -> slice.name().length())
                        .thenComparing(ExistingSlice::name))
                .toList();
    }

    /**
     * The slices of {@code node}. Those that exist stay, if need be empty: an empty plan orders removal, a missing one
     * orders nothing.
     */
    List<PlannedSlice> slice(
            String node, Optional<String> nodeUid, Collection<Entry> entries, Collection<ExistingSlice> existing) {
        SortedMap<Entry.Key, Entry> homeless = new TreeMap<>();
        entries.forEach(entry -> homeless.put(entry.key(), entry));
        var slices = new ArrayList<Slice>();
        for (var slice : inOrder(existing)) {
            var kept = new ArrayList<Entry>();
            for (var entry : Entry.of(slice.spec())) {
                Optional.ofNullable(homeless.remove(entry.key())).ifPresent(kept::add);
            }
            slices.add(new Slice(slice.name(), nodeUid.or(slice::nodeUid), kept));
        }
        int open = 0;
        for (var entry : homeless.values()) {
            while (open < slices.size() && slices.get(open).entries().size() >= MAX_ENTRIES) {
                open++;
            }
            if (open == slices.size()) {
                slices.add(new Slice(newName(node), nodeUid, new ArrayList<>()));
            }
            slices.get(open).entries().add(entry);
        }
        return slices.stream().map(slice -> slice.planned(node)).toList();
    }

    private record Slice(String name, Optional<String> nodeUid, List<Entry> entries) {
        PlannedSlice planned(String node) {
            return new PlannedSlice(name, nodeUid, plan(node, entries));
        }
    }

    /** The plan with {@code entries} in an order that depends on nothing but them. */
    static NodePlanSpec plan(String node, List<Entry> entries) {
        var sas = new ArrayList<PlannedSa>();
        var policies = new ArrayList<PlannedPolicy>();
        var steering = new ArrayList<PlannedSteering>();
        var tunnels = new ArrayList<PlannedTunnel>();
        entries.stream().sorted(Comparator.comparing(Entry::key)).forEach(entry -> {
            switch (entry) {
                case Entry.Sa(PlannedSa planned) -> sas.add(planned);
                case Entry.Policy(PlannedPolicy planned) -> policies.add(planned);
                case Entry.Steering(PlannedSteering planned) -> steering.add(planned);
                case Entry.OfTunnel(PlannedTunnel planned) -> tunnels.add(planned);
            }
        });
        return new NodePlanSpec(node, sas, policies, steering, tunnels);
    }

    private String newName(String node) {
        String stem = node.length() <= MAX_NAME_LENGTH - SUFFIX_ROOM ? node : Api.nodeLabel(node);
        int number = 0;
        while (!usedNames.add(stem + "-" + number)) {
            number++;
        }
        return stem + "-" + number;
    }
}
