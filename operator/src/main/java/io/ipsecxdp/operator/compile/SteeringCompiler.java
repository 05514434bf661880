package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringPolicySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the steering policies ask of the nodes. A node and an interface are units of their own here: what is wrong with
 * one takes nothing from the others.
 */
final class SteeringCompiler {
    private final ClusterNodes cluster;
    private final InForce inForce;
    private final Map<InterfaceOnNode, ObjectKey> holders = new HashMap<>();

    SteeringCompiler(CompilerInput input) {
        this.cluster = input.cluster();
        this.inForce = input.inForce();
    }

    private record InterfaceOnNode(String node, String name) {}

    /**
     * A policy on one node.
     *
     * @param steering what it asks for there, or has there as long as that cannot be planned
     * @param had interfaces among them that are its already
     */
    private record Ask(ObjectKey policy, String node, PlannedSteering steering, Set<String> had) {}

    /** A policy before conflicts are settled; findings are added while they are. */
    private record Asked(ObjectKey policy, SortedSet<String> nodes, List<Ask> asks, List<Finding> findings) {}

    SortedMap<ObjectKey, Arbiter.Settled> settle(List<Declared<SteeringPolicySpec>> policies) {
        var all = policies.stream().sorted(Declared.BY_AGE).map(this::asked).toList();
        all.stream()
                .flatMap(asked -> asked.asks().stream())
                .collect(groupingBy(ask -> ask.steering().priority(), TreeMap::new, toList()))
                .values()
                .forEach(this::takeAll);
        var settled = new TreeMap<ObjectKey, Arbiter.Settled>();
        for (var asked : all) {
            var placed = asked.asks().stream()
                    .flatMap(ask -> place(ask, asked.findings()).stream())
                    .toList();
            settled.put(
                    asked.policy(),
                    new Arbiter.Settled(placed, new Verdict(Optional.empty(), asked.nodes(), asked.findings())));
        }
        return settled;
    }

    /** Of policies with the same priority: first what they have, then what they want, the older before the younger. */
    private void takeAll(List<Ask> asks) {
        asks.forEach(ask -> ask.had().forEach(name -> take(ask, name)));
        asks.forEach(ask -> ask.steering().interfaces().forEach(name -> take(ask, name)));
    }

    private Asked asked(Declared<SteeringPolicySpec> policy) {
        var findings = new ArrayList<>(Validity.of(policy.spec()));
        var nodes = selectedNodes(policy.spec());
        return new Asked(policy.key(), nodes, asks(policy, nodes, findings), findings);
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
                asks.put(had.node(), new Ask(policy.key(), had.node(), steering, Set.copyOf(steering.interfaces())));
            }
        }
        if (valid) {
            for (String node : selected) {
                cpus(policy.spec(), node, findings)
                        .map(cpus -> entry(policy, cpus))
                        .ifPresent(wanted -> {
                            var had = new HashSet<>(wanted.interfaces());
                            had.retainAll(Optional.ofNullable(asks.get(node))
                                    .map(Ask::had)
                                    .orElse(Set.of()));
                            asks.put(node, new Ask(policy.key(), node, wanted, had));
                        });
            }
        }
        return List.copyOf(asks.values());
    }

    private Optional<CpuList> cpus(SteeringPolicySpec spec, String node, List<Finding> findings) {
        var excluded = CpuList.parse(spec.excludedCpuList().orElse("")).cpus();
        var left = allowedCpus(spec, node, findings).map(cpus -> {
            var rest = new TreeSet<>(cpus.cpus());
            rest.removeAll(excluded);
            return new CpuList(rest);
        });
        if (left.filter(cpus -> cpus.cpus().isEmpty()).isPresent()) {
            findings.add(Finding.on(
                    node,
                    Reason.CpuNotOnNode,
                    "spec.excludedCpus %s leaves no CPU there: exclude fewer, or add some to spec.cpus"
                            .formatted(CpuList.of(excluded))));
            return Optional.empty();
        }
        return left.filter(cpus -> hasFixed(spec, cpus, node, findings));
    }

    private static boolean hasFixed(SteeringPolicySpec spec, CpuList cpus, String node, List<Finding> findings) {
        var missing = new TreeSet<Integer>();
        spec.fixedCpus().forEach(fixed -> missing.add(fixed.cpu()));
        missing.removeAll(cpus.cpus());
        if (!missing.isEmpty()) {
            findings.add(Finding.on(
                    node,
                    Reason.CpuNotOnNode,
                    "spec.fixed names the CPUs %s, and the policy has the CPUs %s there: name others in spec.fixed, or select nodes that have them"
                            .formatted(CpuList.of(missing), cpus)));
        }
        return missing.isEmpty();
    }

    private Optional<CpuList> allowedCpus(SteeringPolicySpec spec, String node, List<Finding> findings) {
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

    private static PlannedSteering entry(Declared<SteeringPolicySpec> policy, CpuList cpus) {
        return new PlannedSteering(
                policy.key().name(),
                policy.uid(),
                policy.generation(),
                policy.spec().interfaces().stream().distinct().sorted().toList(),
                cpus.toString(),
                policy.spec().queueSize(),
                policy.spec().mode(),
                policy.spec().priority(),
                policy.spec().numa(),
                policy.spec().vlanOffload(),
                policy.spec().assignment(),
                policy.spec().fixedCpus(),
                policy.spec().unknownSPI(),
                policy.spec().learningSeconds(),
                policy.spec().espInUdpPorts().stream().distinct().sorted().toList(),
                policy.spec().mark(),
                policy.spec().netnsId());
    }

    private boolean take(Ask ask, String name) {
        return ask.policy()
                .equals(holders.computeIfAbsent(new InterfaceOnNode(ask.node(), name), free -> ask.policy()));
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
                        "%s already has the interface %s there: take it out of one of the two policies, or give this one a lower spec.priority"
                                .formatted(holders.get(new InterfaceOnNode(ask.node(), name)), name)));
            }
        }
        return taken.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Placed(ask.node(), new Entry.Steering(ask.steering().on(taken))));
    }
}
