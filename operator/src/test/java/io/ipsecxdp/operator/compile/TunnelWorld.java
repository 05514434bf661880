package io.ipsecxdp.operator.compile;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelProgress;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.crds.TunnelSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A cluster with tunnels: its API server, its nodes and what their kernels have of each pair. Agents read, act and publish when
 * they are told to, each what it has read at that time, by the rules of {@link TunnelProgress}.
 */
public final class TunnelWorld {
    private final Map<String, Declared<TunnelSpec>> tunnels = new TreeMap<>();
    private final Map<String, Declared<SecurityPolicySpec>> policies = new TreeMap<>();
    private final Map<String, ClusterNode> nodes = new TreeMap<>();
    private final Map<String, AgentFacts> facts = new TreeMap<>();
    private final Map<String, TunnelState.Share> shares = new TreeMap<>();
    private final Map<TunnelState.Place, TunnelReport> reports = new HashMap<>();
    private final Set<String> alive = new HashSet<>();
    private final Map<String, Agent> agents = new TreeMap<>();
    private List<ExistingSlice> plans = List.of();
    private List<PeersSlice> peers = List.of();
    private int uids;

    /** What the kernel of a node has of a pair. */
    public static final class Pair {
        boolean accepts;
        boolean sends;
        boolean requires;

        boolean isOn() {
            return accepts && sends && requires;
        }
    }

    /** A pair of a tunnel, as one of its nodes has it; a node that comes again under its name is another one. */
    record With(String tunnel, String peer, String peerUid) {}

    private static final class Agent {
        private final Map<With, Pair> kernel = new HashMap<>();
        private final Map<String, TunnelProgress> progress = new HashMap<>();
        private final Map<String, PlannedTunnel> plan = new HashMap<>();
    }

    /** A node n7 has the address 10.0.0.7, the pod CIDR 10.20.7.0/24 and an agent that lives. */
    public TunnelWorld node(String name, String... labels) {
        String number = name.substring(1);
        var known = new TreeMap<>(Map.of("name", name));
        for (String label : labels) {
            known.put(label, "");
        }
        nodes.put(
                name,
                new ClusterNode(
                        name,
                        "uid-of-%s-%d".formatted(name, uids++),
                        known,
                        Fixtures.ips("10.0.0." + number),
                        List.of(),
                        List.of(IpPrefix.parse("10.20.%s.0/24".formatted(number))
                                .orElseThrow())));
        agents.put(name, new Agent());
        alive.add(name);
        return this;
    }

    TunnelWorld nodeWithoutPodCidr(String name) {
        node(name);
        var node = nodes.get(name);
        nodes.put(
                name, new ClusterNode(name, node.uid(), node.labels(), node.internalAddresses(), List.of(), List.of()));
        return this;
    }

    TunnelWorld labels(String name, String... labels) {
        var node = nodes.get(name);
        var known = new TreeMap<>(Map.of("name", name));
        for (String label : labels) {
            known.put(label, "");
        }
        nodes.put(name, new ClusterNode(name, node.uid(), known, node.internalAddresses(), List.of(), node.podCidrs()));
        return this;
    }

    TunnelWorld kernelWith(String name, EncryptionAlgorithm... algorithms) {
        facts.put(
                name,
                new AgentFacts(
                        name,
                        Optional.empty(),
                        Set.of(),
                        Optional.of(
                                new NodeCapabilities(true, List.of(algorithms), null, null, null, true, true, true))));
        return this;
    }

    public TunnelWorld falls(String name) {
        alive.remove(name);
        return this;
    }

    TunnelWorld speaks(String name) {
        alive.add(name);
        return this;
    }

    /** The machine is gone, its Node and its Lease too. */
    TunnelWorld vanishes(String name) {
        nodes.remove(name);
        alive.remove(name);
        agents.remove(name);
        shares.remove(name);
        return this;
    }

    public TunnelWorld tunnel(String name, String yaml) {
        var had = Optional.ofNullable(tunnels.get(name));
        tunnels.put(
                name,
                new Declared<>(
                        new ObjectKey(DeclaredKind.TUNNEL, name),
                        had.map(Declared::uid).orElseGet(() -> "uid-of-%s-%d".formatted(name, uids++)),
                        had.map(Declared::generation).orElse(0L) + 1,
                        had.map(Declared::created).orElse(Fixtures.NOON.plusSeconds(uids)),
                        Serialization.unmarshal("---\n" + yaml, TunnelSpec.class)));
        return this;
    }

    TunnelWorld createdAt(String name, Instant created) {
        var tunnel = tunnels.get(name);
        tunnels.put(name, new Declared<>(tunnel.key(), tunnel.uid(), tunnel.generation(), created, tunnel.spec()));
        return this;
    }

    TunnelWorld policy(String name, String yaml) {
        var had = Optional.ofNullable(policies.get(name));
        uids++;
        policies.put(
                name,
                new Declared<>(
                        new ObjectKey(DeclaredKind.SECURITY_POLICY, name),
                        had.map(Declared::uid).orElse("uid-of-%s-%d".formatted(name, uids)),
                        had.map(Declared::generation).orElse(0L) + 1,
                        had.map(Declared::created).orElse(Fixtures.NOON.plusSeconds(uids)),
                        withDefaults(yaml)));
        return this;
    }

    /** The API server adds what the schema has as default. */
    private static SecurityPolicySpec withDefaults(String yaml) {
        Map<String, Object> spec = new HashMap<>(Map.of(
                "action",
                "Protect",
                "protocol",
                "ESP",
                "mode",
                "Tunnel",
                "reqid",
                268435457,
                "priority",
                1000,
                "forward",
                true));
        Map<?, ?> given = Serialization.unmarshal("---\n" + yaml, Map.class);
        given.forEach((field, value) -> spec.put(field.toString(), value));
        return Serialization.unmarshal(Serialization.asYaml(spec), SecurityPolicySpec.class);
    }

    TunnelWorld deletePolicy(String name) {
        policies.remove(name);
        return this;
    }

    /** What the plans have of a policy, as node and direction. */
    List<String> plannedOf(String policy) {
        return plans.stream()
                .flatMap(slice -> slice.spec().securityPolicies().stream()
                        .filter(planned -> planned.name().equals(policy))
                        .map(planned -> "%s %s".formatted(slice.spec().node(), planned.direction())))
                .sorted()
                .toList();
    }

    TunnelWorld delete(String name) {
        tunnels.remove(name);
        return this;
    }

    TunnelWorld losePeers() {
        peers = List.of();
        return this;
    }

    Optional<Declared<TunnelSpec>> declared(String name) {
        return Optional.ofNullable(tunnels.get(name));
    }

    Set<String> nodes() {
        return nodes.keySet();
    }

    List<PeersSlice> peers() {
        return peers;
    }

    boolean hasPlanned(String node) {
        return plans.stream()
                .anyMatch(slice -> slice.spec().node().equals(node)
                        && !slice.spec().tunnels().isEmpty());
    }

    List<PlannedTunnel> planned(String node) {
        return plans.stream()
                .filter(slice -> slice.spec().node().equals(node))
                .flatMap(slice -> slice.spec().tunnels().stream())
                .toList();
    }

    Optional<TunnelPeer> entry(String node) {
        return peers.stream().flatMap(slice -> slice.spec().peer(node).stream()).findFirst();
    }

    String uid(String node) {
        return nodes.get(node).uid();
    }

    Pair pair(String node, String tunnel, String peer) {
        return agents.get(node).kernel.getOrDefault(new With(tunnels.get(tunnel).uid(), peer, uid(peer)), new Pair());
    }

    /** The kernels of all nodes that are there. */
    Map<String, Map<With, Pair>> kernels() {
        var kernels = new TreeMap<String, Map<With, Pair>>();
        agents.forEach((name, agent) -> kernels.put(name, agent.kernel));
        return kernels;
    }

    public ClusterSnapshot snapshot() {
        return new ClusterSnapshot(
                Declarations.NONE
                        .with(DeclaredKind.TUNNEL, List.copyOf(tunnels.values()))
                        .with(DeclaredKind.SECURITY_POLICY, List.copyOf(policies.values())),
                List.copyOf(nodes.values()),
                List.copyOf(facts.values()),
                plans,
                new Reports(generalReports()),
                KeyMemory.NONE,
                new TunnelState(peers, shares, reports),
                alive,
                Fixtures.NOON);
    }

    private Map<Reports.Subject, List<Report>> generalReports() {
        var general = new HashMap<Reports.Subject, List<Report>>();
        reports.forEach((place, report) -> general.merge(
                new Reports.Subject(place.node(), new ObjectKey(DeclaredKind.TUNNEL, report.name())),
                List.of(new Report(
                        new Entry.Key(new ObjectKey(DeclaredKind.TUNNEL, report.name()), "", ""),
                        report.uid(),
                        report.generation(),
                        report.state(),
                        report.reason(),
                        report.message(),
                        Acknowledgement.NOTHING,
                        false,
                        Optional.empty())),
                Fixtures::concat));
        return general;
    }

    public Compilation compile() {
        return Compiler.compile(snapshot());
    }

    TunnelWorld operator() {
        var compilation = compile();
        plans = Fixtures.asExisting(compilation, plans);
        var left = new TreeMap<String, PeersSlice>();
        peers.forEach(slice -> left.put(slice.name(), slice));
        compilation.members().slices().forEach(slice -> left.put(slice.name(), slice));
        compilation.members().abandoned().forEach(left::remove);
        peers = List.copyOf(left.values());
        return this;
    }

    /** Writes the plans alone, as an operator that dies in between. */
    TunnelWorld operatorWritesHalf() {
        plans = Fixtures.asExisting(compile(), plans);
        return this;
    }

    /** The agent reads what there is, acts, and publishes if so told. */
    TunnelWorld agent(String name, boolean publishes) {
        if (!alive.contains(name) || !nodes.containsKey(name)) {
            return this;
        }
        act(name);
        if (publishes) {
            publish(name);
        }
        return this;
    }

    private void act(String name) {
        var agent = agents.get(name);
        agent.plan.clear();
        planned(name).forEach(tunnel -> agent.plan.put(tunnel.uid(), tunnel));
        agent.kernel.keySet().removeIf(with -> !agent.plan.containsKey(with.tunnel()));
        agent.progress.keySet().retainAll(agent.plan.keySet());
        agent.plan.keySet().forEach(uid -> work(name, agent, uid));
    }

    private void work(String name, Agent agent, String uid) {
        var slices =
                peers.stream().filter(slice -> slice.spec().uid().equals(uid)).toList();
        if (slices.isEmpty()) {
            // What is missing orders nothing
            return;
        }
        var entries = new TreeMap<String, TunnelPeer>();
        slices.forEach(slice -> slice.spec().peers().forEach(peer -> entries.put(peer.node(), peer)));
        var own = entries.get(name);
        agent.kernel
                .keySet()
                .removeIf(with -> with.tunnel().equals(uid)
                        && (own == null
                                || !entries.containsKey(with.peer())
                                || !entries.get(with.peer()).uid().equals(with.peerUid())
                                // It went, and came again at another end, before this agent read anything of it
                                || !own.isPairWith(entries.get(with.peer()))));
        if (own == null || !own.uid().equals(nodes.get(name).uid())) {
            agent.progress.remove(uid);
            return;
        }
        long seen = slices.stream()
                .mapToLong(slice -> slice.spec().highestRevision())
                .max()
                .orElseThrow();
        var acceptsNot = new ArrayList<String>();
        var sendsNot = new ArrayList<String>();
        entries.forEach((other, peer) -> {
            if (!own.isPairWith(peer)) {
                return;
            }
            var pair = agent.kernel.computeIfAbsent(new With(uid, other, peer.uid()), none -> new Pair());
            var far = Optional.ofNullable(shares.get(other))
                    .filter(share -> share.nodeUid().equals(peer.uid()))
                    .map(share -> share.progress().get(uid))
                    // What it did for entries that are not seen here yet may be the contrary
                    .filter(progress -> progress.accepts() <= seen);
            boolean leaving = own.leaves() || peer.leaves();
            // What is asked of a pair is said by both entries
            long revision = Math.max(own.revision(), peer.revision());
            if (leaving) {
                pair.requires = false;
                pair.sends &=
                        far.filter(progress -> progress.accepts(name, revision)).isEmpty();
                if (pair.sends) {
                    sendsNot.add(other);
                }
            } else {
                pair.accepts = true;
                pair.sends |=
                        far.filter(progress -> progress.accepts(name, revision)).isPresent();
                pair.requires |=
                        far.filter(progress -> progress.sends(name, revision)).isPresent();
                if (!pair.sends) {
                    sendsNot.add(other);
                }
            }
        });
        agent.progress.put(uid, new TunnelProgress(uid, null, seen, acceptsNot, seen, sendsNot));
    }

    private void publish(String name) {
        var agent = agents.get(name);
        shares.put(name, new TunnelState.Share(nodes.get(name).uid(), Map.copyOf(agent.progress)));
        reports.keySet().removeIf(place -> place.node().equals(name));
        agent.plan.forEach((uid, tunnel) -> {
            var pairs = agent.kernel.entrySet().stream()
                    .filter(pair -> pair.getKey().tunnel().equals(uid))
                    .map(Map.Entry::getValue)
                    .toList();
            int on = (int) pairs.stream().filter(Pair::isOn).count();
            boolean all = on == pairs.size() && agent.progress.containsKey(uid);
            reports.put(
                    new TunnelState.Place(name, uid),
                    new TunnelReport(
                            tunnel.name(),
                            uid,
                            tunnel.generation(),
                            all ? EntryState.Installed : EntryState.Pending,
                            (all ? Reason.Installed : Reason.Installing).name(),
                            "",
                            pairs.size(),
                            on,
                            "2026-01-01T11:0%s:00Z".formatted(name.substring(1, 2)),
                            1400 + Integer.parseInt(name.substring(1))));
        });
        planIsRead(name);
    }

    /** An agent of a version that knows no tunnels reads its plan. */
    TunnelWorld agentOfOldReads(String name) {
        planIsRead(name);
        return this;
    }

    private void planIsRead(String name) {
        plans = plans.stream()
                .map(slice -> slice.spec().node().equals(name) ? Fixtures.read(slice) : slice)
                .toList();
    }

    /** Everybody does all there is to do. */
    public TunnelWorld settles() {
        for (int i = 0; i < 12; i++) {
            operator();
            List.copyOf(nodes.keySet()).forEach(name -> agent(name, true));
        }
        return operator();
    }
}
