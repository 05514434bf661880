package io.ipsecxdp.operator.compile;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.Encryption;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyEnd;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.SecurityAssociationSpecBuilder;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.Selector;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.XdpMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A cluster in the words of the tests. Each step returns a new one. */
public record Fixtures(
        List<Declared<SecurityAssociationSpec>> sas,
        List<Declared<SecurityPolicySpec>> policies,
        List<Declared<SteeringPolicySpec>> steering,
        List<ClusterNode> nodes,
        List<AgentFacts> facts,
        List<ExistingSlice> slices,
        Reports reports,
        Set<String> alive) {

    private static final int MOST_STEPS = 20;

    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    public static Fixtures nothing() {
        return new Fixtures(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), Reports.NONE, Set.of());
    }

    /** Nodes n1 (10.0.0.1) and n2 (10.0.0.2), CPUs 0-3 and interface address each, agents alive. */
    public static Fixtures twoNodes() {
        return nothing().node("n1", "10.0.0.1").node("n2", "10.0.0.2");
    }

    /** A node with an agent. */
    public Fixtures node(String name, String... internalAddresses) {
        return nodeWithoutAgent(name, internalAddresses).agent(name, "0-3", internalAddresses);
    }

    Fixtures nodeWithoutAgent(String name, String... internalAddresses) {
        var node = new ClusterNode(
                name, "uid-of-" + name, Map.of("name", name), ips(internalAddresses), List.of(), List.of());
        return new Fixtures(
                sas,
                policies,
                steering,
                with(without(nodes, n -> n.name().equals(name)), node),
                facts,
                slices,
                reports,
                alive);
    }

    Fixtures agent(String node, String cpus, String... addresses) {
        return agent(
                new AgentFacts(node, Optional.of(CpuList.parse(cpus)), Set.copyOf(ips(addresses)), Optional.empty()));
    }

    /** A node whose agent has told what the kernel there can do. */
    Fixtures kernel(String node, NodeCapabilities capabilities) {
        var known = facts.stream()
                .filter(fact -> fact.node().equals(node))
                .findFirst()
                .orElseThrow();
        return agent(new AgentFacts(node, known.cpus(), known.addresses(), Optional.of(capabilities)));
    }

    private Fixtures agent(AgentFacts fact) {
        String node = fact.node();
        var living = new HashSet<>(alive);
        living.add(node);
        return new Fixtures(
                sas,
                policies,
                steering,
                nodes,
                with(without(facts, f -> f.node().equals(node)), fact),
                slices,
                reports,
                living);
    }

    Fixtures withoutFactsOf(String node) {
        return new Fixtures(
                sas, policies, steering, nodes, without(facts, f -> f.node().equals(node)), slices, reports, alive);
    }

    public Fixtures withoutTheNode(String name) {
        return new Fixtures(
                sas, policies, steering, without(nodes, n -> n.name().equals(name)), facts, slices, reports, alive);
    }

    Fixtures agentDies(String node) {
        var living = new HashSet<>(alive);
        living.remove(node);
        return new Fixtures(sas, policies, steering, nodes, facts, slices, reports, living);
    }

    public Fixtures sa(String name, SaEnd source, SaEnd destination, long spi) {
        return sa(name, source, destination, spi, "key-of-" + name);
    }

    Fixtures sa(String name, SaEnd source, SaEnd destination, long spi, String key) {
        var spec = SecurityAssociationSpecBuilder.builder()
                .withSource(source)
                .withDestination(destination)
                .withSpi(spi)
                .withEncryption(new Encryption("ENCR_AES_GCM_16", 256, new KeySecretRef(key, "key")))
                .withTerms(SaTermsBuilder.builder()
                        .withMode(SaMode.Tunnel)
                        .withReqid(Api.FIRST_REQID)
                        .withReplayWindow(4096)
                        .withEsn(true)
                        .build())
                .build();
        return declare(declared(DeclaredKind.SECURITY_ASSOCIATION, name, 1, spec));
    }

    /** An SA from n1 to n2 as the API server has it, with the fields of {@code yaml} in place of its own. */
    Fixtures sa(String name, long spi, String yaml) {
        var spec = spec("""
                source: {node: n1}
                destination: {node: n2}
                spi: %d
                protocol: ESP
                mode: Tunnel
                encryption: {algorithm: ENCR_AES_GCM_16, keySecretRef: {name: %s, key: keymat}}
                reqid: 268435457
                replayWindow: 4096
                esn: true
                """.formatted(spi, name), yaml, SecurityAssociationSpec.class);
        return declare(declared(DeclaredKind.SECURITY_ASSOCIATION, name, 1, spec));
    }

    /** A policy from n1 to n2 as the API server has it, with the fields of {@code yaml} in place of its own. */
    Fixtures policy(String name, String yaml) {
        var spec = spec("""
                source: {node: n1}
                destination: {node: n2}
                action: Protect
                protocol: ESP
                mode: Tunnel
                reqid: 268435457
                priority: 1000
                """, yaml, SecurityPolicySpec.class);
        return declarePolicy(declared(DeclaredKind.SECURITY_POLICY, name, 1, spec));
    }

    private static <S> S spec(String common, String own, Class<S> type) {
        var fields = new LinkedHashMap<String, Object>(fields(common));
        fields.putAll(fields(own));
        fields.values().removeIf(Objects::isNull);
        return Serialization.unmarshal(Serialization.asJson(fields), type);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> fields(String yaml) {
        return Serialization.unmarshal("---\n" + yaml, Map.class);
    }

    Fixtures declare(Declared<SecurityAssociationSpec> sa) {
        return new Fixtures(with(without(sas, same(sa)), sa), policies, steering, nodes, facts, slices, reports, alive);
    }

    public Fixtures policy(String name, PolicyEnd source, PolicyEnd destination) {
        return policy(name, 1, source, destination, Selector.betweenTheEnds());
    }

    Fixtures policy(String name, long generation, PolicyEnd source, PolicyEnd destination, Selector selector) {
        return policy(name, generation, source, destination, selector, PolicyAction.Protect, SaMode.Tunnel);
    }

    Fixtures policy(
            String name,
            long generation,
            PolicyEnd source,
            PolicyEnd destination,
            Selector selector,
            PolicyAction action,
            SaMode mode) {
        var spec = SecurityPolicySpec.esp(source, destination, selector, action, mode, Api.FIRST_REQID, 1000);
        return declarePolicy(declared(DeclaredKind.SECURITY_POLICY, name, generation, spec));
    }

    Fixtures declarePolicy(Declared<SecurityPolicySpec> policy) {
        return new Fixtures(
                sas, with(without(policies, same(policy)), policy), steering, nodes, facts, slices, reports, alive);
    }

    public Fixtures steerAll(String name, String... interfaces) {
        return steer(name, null, null, interfaces);
    }

    Fixtures steer(String name, LabelSelector selector, String cpus, String... interfaces) {
        return steer(name, 1, selector, cpus, interfaces);
    }

    Fixtures steer(String name, long generation, LabelSelector selector, String cpus, String... interfaces) {
        return steer(name, generation, new SteeringPolicySpec(selector, List.of(interfaces), cpus, 2048, XdpMode.Auto));
    }

    Fixtures steer(String name, SteeringPolicySpec spec) {
        return steer(name, 1, spec);
    }

    private Fixtures steer(String name, long generation, SteeringPolicySpec spec) {
        var policy = declared(DeclaredKind.STEERING_POLICY, name, generation, spec);
        return new Fixtures(
                sas, policies, with(without(steering, same(policy)), policy), nodes, facts, slices, reports, alive);
    }

    Fixtures createdAt(String name, Instant created) {
        return new Fixtures(
                sas.stream().map(d -> moved(d, name, created)).toList(),
                policies.stream().map(d -> moved(d, name, created)).toList(),
                steering.stream().map(d -> moved(d, name, created)).toList(),
                nodes,
                facts,
                slices,
                reports,
                alive);
    }

    Fixtures withUid(String name, String uid) {
        return new Fixtures(
                sas.stream()
                        .map(d -> d.key().name().equals(name)
                                ? new Declared<>(d.key(), uid, d.generation(), d.created(), d.spec())
                                : d)
                        .toList(),
                policies,
                steering,
                nodes,
                facts,
                slices,
                reports,
                alive);
    }

    public Fixtures delete(String name) {
        Predicate<Declared<?>> named = d -> d.key().name().equals(name);
        return new Fixtures(
                without(sas, named),
                without(policies, named),
                without(steering, named),
                nodes,
                facts,
                slices,
                reports,
                alive);
    }

    public Fixtures slices(List<ExistingSlice> existing) {
        return new Fixtures(sas, policies, steering, nodes, facts, existing, reports, alive);
    }

    /** The plans and what is reported of them. */
    Fixtures observed(List<ExistingSlice> existing, Reports reported) {
        return new Fixtures(sas, policies, steering, nodes, facts, existing, reported, alive);
    }

    /** Everything is done that the plans order, step by step, until nothing changes any more. */
    public Fixtures planned() {
        var given = this;
        for (int step = 0; step < MOST_STEPS; step++) {
            var next = given.step();
            if (next.equals(given)) {
                return next;
            }
            given = next;
        }
        throw new AssertionError("the plans change for ever");
    }

    /** What is compiled now is written, and each agent that lives does and reports it. */
    Fixtures step() {
        return slices(asExisting(compileNow(), slices)).done();
    }

    /** The kernels have what the plans say, and the agents that live say so. */
    Fixtures done() {
        var known = new HashMap<Reports.Subject, List<Report>>(reports.bySubject());
        known.keySet().removeIf(subject -> alive.contains(subject.node()));
        for (var slice : slices) {
            if (alive.contains(slice.spec().node())) {
                for (var entry : Entry.of(slice.spec())) {
                    known.merge(
                            new Reports.Subject(slice.spec().node(), entry.key().object()),
                            reports(entry),
                            Fixtures::concat);
                }
            }
        }
        var observed = slices.stream()
                .map(slice -> alive.contains(slice.spec().node()) ? read(slice) : slice)
                .toList();
        return new Fixtures(sas, policies, steering, nodes, facts, observed, new Reports(known), alive);
    }

    /** The slice once the agent of its node has read it. */
    static ExistingSlice read(ExistingSlice slice) {
        return new ExistingSlice(
                slice.name(), slice.nodeUid(), slice.spec(), slice.generation(), Optional.of(slice.generation()));
    }

    static List<Report> reports(Entry entry) {
        return entry.parts().stream()
                .map(part -> new Report(
                        new Entry.Key(entry.key().object(), entry.key().child(), part),
                        entry.uid(),
                        entry.generation(),
                        EntryState.Installed,
                        Reason.Installed.name(),
                        "",
                        entry.acknowledgement(),
                        entry instanceof Entry.Sa,
                        fingerprint(entry)))
                .toList();
    }

    /** Of a key and of a copy of it the same. */
    private static Optional<String> fingerprint(Entry entry) {
        return entry instanceof Entry.Sa(var sa)
                ? Optional.of(sa.encryption().keySecretRef().toString().replace("copy-of-", ""))
                : Optional.empty();
    }

    static List<ExistingSlice> asExisting(Compilation compilation) {
        return asExisting(compilation, List.of());
    }

    /** The plans once they are written over {@code before}. */
    static List<ExistingSlice> asExisting(Compilation compilation, List<ExistingSlice> before) {
        return compilation.slices().stream()
                .map(slice -> {
                    var had = before.stream()
                            .filter(there -> there.name().equals(slice.name()))
                            .findFirst();
                    long generation = had.map(
                                    there -> there.generation() + (there.spec().equals(slice.spec()) ? 0 : 1))
                            .orElse(1L);
                    return new ExistingSlice(
                            slice.name(),
                            slice.nodeUid(),
                            slice.spec(),
                            generation,
                            had.flatMap(ExistingSlice::observedGeneration));
                })
                .toList();
    }

    public ClusterSnapshot snapshot() {
        return snapshot(Set.of());
    }

    /** @param justDeleted uids of objects that were deleted a moment ago */
    ClusterSnapshot snapshot(Set<String> justDeleted) {
        return new ClusterSnapshot(
                Declarations.NONE
                        .with(DeclaredKind.SECURITY_ASSOCIATION, sas)
                        .with(DeclaredKind.SECURITY_POLICY, policies)
                        .with(DeclaredKind.STEERING_POLICY, steering)
                        .withJustDeleted(justDeleted),
                nodes,
                facts,
                slices,
                reports,
                KeyMemory.NONE,
                TunnelState.NONE,
                alive,
                NOON);
    }

    /** What is planned in the end. */
    public Compilation compile() {
        return planned().compileNow();
    }

    /** What is planned first. */
    public Compilation compileNow() {
        return Compiler.compile(snapshot());
    }

    public static SaEnd node(String name) {
        return new SaEnd(name, null, null, null);
    }

    static SaEnd nodeAt(String name, String address) {
        return new SaEnd(name, address, null, null);
    }

    static SaEnd cpu(String node, int cpu) {
        return new SaEnd(node, null, cpu, null);
    }

    static SaEnd host(String address) {
        return new SaEnd(null, address, null, null);
    }

    public static PolicyEnd flowNode(String name) {
        return new PolicyEnd(name, null, null);
    }

    static PolicyEnd flowHost(String address) {
        return new PolicyEnd(null, address, null);
    }

    static Selector prefixes(String source, String destination) {
        return Selector.between(source, destination);
    }

    static LabelSelector onNode(String name) {
        return new LabelSelectorBuilder().addToMatchLabels("name", name).build();
    }

    public static ObjectKey sa(String name) {
        return new ObjectKey(DeclaredKind.SECURITY_ASSOCIATION, name);
    }

    public static ObjectKey policy(String name) {
        return new ObjectKey(DeclaredKind.SECURITY_POLICY, name);
    }

    public static ObjectKey steering(String name) {
        return new ObjectKey(DeclaredKind.STEERING_POLICY, name);
    }

    private static <S> Declared<S> declared(DeclaredKind<S, ?> kind, String name, long generation, S spec) {
        return new Declared<>(new ObjectKey(kind, name), "uid-of-" + name, generation, NOON, spec);
    }

    private static <S> Declared<S> moved(Declared<S> declared, String name, Instant created) {
        return declared.key().name().equals(name)
                ? new Declared<>(declared.key(), declared.uid(), declared.generation(), created, declared.spec())
                : declared;
    }

    private static Predicate<Declared<?>> same(Declared<?> declared) {
        return other -> other.key().equals(declared.key());
    }

    static List<IpAddress> ips(String... addresses) {
        return Arrays.stream(addresses)
                .map(address -> IpAddress.parse(address).orElseThrow())
                .toList();
    }

    private static <T> List<T> with(List<T> list, T element) {
        var longer = new ArrayList<>(list);
        longer.add(element);
        return longer;
    }

    private static <T> List<T> without(List<T> list, Predicate<? super T> gone) {
        return list.stream().filter(gone.negate()).toList();
    }

    static <T> List<T> concat(List<T> first, List<T> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }
}
