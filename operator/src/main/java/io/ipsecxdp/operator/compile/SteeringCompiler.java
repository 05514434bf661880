package io.ipsecxdp.operator.compile;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringPolicySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the steering policies ask of the nodes. A node and an interface are units of their own here: what is wrong with
 * one takes nothing from the others.
 */
final class SteeringCompiler {
    private final Cluster cluster;
    private final InForce inForce;
    private final Map<InterfaceOnNode, ObjectKey> holders = new HashMap<>();

    SteeringCompiler(Cluster cluster, InForce inForce) {
        this.cluster = cluster;
        this.inForce = inForce;
    }

    private record InterfaceOnNode(String node, String name) {}

    /** A policy on one node: what it asks for there, or has there as long as that cannot be planned. */
    private record Ask(
            Declared<SteeringPolicySpec> policy, String node, PlannedSteering steering, SortedSet<String> had) {}

    SortedMap<ObjectKey, Arbiter.Settled> settle(List<Declared<SteeringPolicySpec>> policies) {
        var findings = new TreeMap<ObjectKey, List<Finding>>();
        var nodes = new TreeMap<ObjectKey, SortedSet<String>>();
        var asks = new ArrayList<Ask>();
        for (var policy : policies.stream().sorted(Declared.BY_AGE).toList()) {
            var found = new ArrayList<>(Validity.of(policy.spec()));
            var selected = selectedNodes(policy.spec());
            asks.addAll(asks(policy, selected, found));
            findings.put(policy.key(), found);
            nodes.put(policy.key(), selected);
        }
        asks.forEach(ask -> ask.had().forEach(name -> take(ask, name)));
        var settled = new TreeMap<ObjectKey, Arbiter.Settled>();
        var placed = new TreeMap<ObjectKey, List<Placed>>();
        for (var ask : asks) {
            var key = ask.policy().key();
            place(ask, findings.get(key))
                    .ifPresent(entry -> placed.computeIfAbsent(key, none -> new ArrayList<>())
                            .add(entry));
        }
        findings.forEach((key, found) -> settled.put(
                key,
                new Arbiter.Settled(
                        placed.getOrDefault(key, List.of()), new Verdict(Optional.empty(), nodes.get(key), found))));
        return settled;
    }

    private SortedSet<String> selectedNodes(SteeringPolicySpec spec) {
        var names = new TreeSet<String>();
        var selector = spec.selector().orElseGet(LabelSelector::new);
        if (NodeSelector.isKnown(selector)) {
            cluster.nodes().stream()
                    .filter(node -> NodeSelector.selects(selector, node.labels()))
                    .forEach(node -> names.add(node.name()));
        }
        return names;
    }

    /** Adds to {@code findings} why a node gets nothing new. */
    private List<Ask> asks(Declared<SteeringPolicySpec> policy, SortedSet<String> selected, List<Finding> findings) {
        boolean valid = findings.isEmpty();
        var asks = new TreeMap<String, Ask>();
        for (var had : inForce.of(policy)) {
            boolean stays = !valid || cluster.node(had.node()).isEmpty() || selected.contains(had.node());
            if (stays && had.entry() instanceof Entry.Steering(PlannedSteering steering)) {
                asks.put(had.node(), new Ask(policy, had.node(), steering, new TreeSet<>(steering.interfaces())));
            }
        }
        if (!valid) {
            return List.copyOf(asks.values());
        }
        for (String node : selected) {
            var had = Optional.ofNullable(asks.get(node)).map(Ask::had).orElseGet(TreeSet::new);
            var cpus = cpus(policy.spec(), node, findings);
            if (cpus.isPresent()) {
                var wanted = entry(policy, new TreeSet<>(policy.spec().interfaces()), cpus.get());
                had.retainAll(wanted.interfaces());
                asks.put(node, new Ask(policy, node, wanted, had));
            }
        }
        return List.copyOf(asks.values());
    }

    private Optional<CpuList> cpus(SteeringPolicySpec spec, String node, List<Finding> findings) {
        var online = cluster.factsOf(node).cpus();
        if (spec.cpuList().isEmpty()) {
            if (online.isEmpty()) {
                findings.add(
                        Finding.on(
                                node,
                                Reason.AgentNotReporting,
                                "which CPUs it has is not known, for its agent has not reported: check the ipsec-xdp-agent pod there, or name the CPUs in spec.cpus"));
            }
            return online;
        }
        var asked = CpuList.parse(spec.cpuList().get());
        var missing = new TreeSet<>(asked.cpus());
        online.ifPresent(cpus -> missing.removeAll(cpus.cpus()));
        if (online.isPresent() && !missing.isEmpty()) {
            findings.add(Finding.on(
                    node,
                    Reason.CpuNotOnNode,
                    "it has the CPUs %s and not %s: take these out of spec.cpus, or the node out of spec.nodeSelector"
                            .formatted(online.get(), CpuList.of(missing))));
            return Optional.empty();
        }
        return Optional.of(asked);
    }

    private static PlannedSteering entry(
            Declared<SteeringPolicySpec> policy, SortedSet<String> interfaces, CpuList cpus) {
        return new PlannedSteering(
                policy.key().name(),
                policy.uid(),
                policy.generation(),
                List.copyOf(interfaces),
                cpus.toString(),
                policy.spec().queueSize(),
                policy.spec().mode());
    }

    private boolean take(Ask ask, String name) {
        var key = ask.policy().key();
        return key.equals(holders.computeIfAbsent(new InterfaceOnNode(ask.node(), name), free -> key));
    }

    private Optional<Placed> place(Ask ask, List<Finding> findings) {
        var taken = new ArrayList<String>();
        for (String name : ask.steering().interfaces()) {
            if (take(ask, name)) {
                taken.add(name);
            } else {
                findings.add(Finding.on(
                        ask.node(),
                        Reason.InterfaceTaken,
                        "%s already has the interface %s there: take it out of one of the two policies"
                                .formatted(holders.get(new InterfaceOnNode(ask.node(), name)), name)));
            }
        }
        var steering = ask.steering();
        return taken.isEmpty()
                ? Optional.empty()
                : Optional.of(new Placed(
                        ask.node(),
                        new Entry.Steering(new PlannedSteering(
                                steering.name(),
                                steering.uid(),
                                steering.generation(),
                                taken,
                                steering.cpus(),
                                steering.queueSize(),
                                steering.mode()))));
    }
}
