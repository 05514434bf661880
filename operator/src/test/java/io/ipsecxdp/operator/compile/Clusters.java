package io.ipsecxdp.operator.compile;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.Encryption;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyEnd;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Small clusters where everything collides with everything: few nodes, addresses, SPIs, keys, selectors. */
final class Clusters {
    private static final int NODES = 4;

    private Clusters() {}

    /** A cluster without plans. */
    static Arbitrary<ClusterSnapshot> any() {
        return Combinators.combine(
                        sas().list().ofMaxSize(6),
                        policies().list().ofMaxSize(5),
                        steering().list().ofMaxSize(4),
                        nodes(),
                        facts(),
                        Arbitraries.of("n0", "n1", "n2", "n3").set())
                .as((sas, policies, steering, nodes, facts, alive) -> snapshot(
                        declared(DeclaredKind.SECURITY_ASSOCIATION, sas),
                        declared(DeclaredKind.SECURITY_POLICY, policies),
                        declared(DeclaredKind.STEERING_POLICY, steering),
                        nodes,
                        facts,
                        alive));
    }

    /** A cluster, and the plans that another one left: some objects are the same, some changed, some are gone. */
    static Arbitrary<ClusterSnapshot> withAPast() {
        return Combinators.combine(any(), any(), Arbitraries.of(0, 1, 2, 3))
                .as((past, now, stay) -> withPlans(
                        snapshot(
                                mix(past, now, DeclaredKind.SECURITY_ASSOCIATION, stay),
                                mix(past, now, DeclaredKind.SECURITY_POLICY, stay),
                                mix(past, now, DeclaredKind.STEERING_POLICY, stay),
                                now.nodes(),
                                now.facts(),
                                now.aliveAgents()),
                        Compiler.compile(past)));
    }

    static ClusterSnapshot withPlans(ClusterSnapshot snapshot, Compilation compilation) {
        return new ClusterSnapshot(
                snapshot.declared(),
                snapshot.nodes(),
                snapshot.facts(),
                Fixtures.asExisting(compilation),
                snapshot.reports(),
                snapshot.keys(),
                snapshot.tunnels(),
                snapshot.aliveAgents(),
                snapshot.now());
    }

    private static ClusterSnapshot snapshot(
            List<Declared<SecurityAssociationSpec>> sas,
            List<Declared<SecurityPolicySpec>> policies,
            List<Declared<SteeringPolicySpec>> steering,
            List<ClusterNode> nodes,
            List<AgentFacts> facts,
            Set<String> alive) {
        return new ClusterSnapshot(
                Declarations.NONE
                        .with(DeclaredKind.SECURITY_ASSOCIATION, sas)
                        .with(DeclaredKind.SECURITY_POLICY, policies)
                        .with(DeclaredKind.STEERING_POLICY, steering),
                nodes,
                facts,
                List.of(),
                Reports.NONE,
                KeyMemory.NONE,
                TunnelState.NONE,
                alive,
                Fixtures.NOON);
    }

    private static <S> List<Declared<S>> mix(
            ClusterSnapshot past, ClusterSnapshot now, DeclaredKind<S, ?> kind, int stay) {
        return mix(past.declared().of(kind), now.declared().of(kind), stay);
    }

    /** The first {@code stay} objects are those of the past; the others are new under the old names and uids. */
    private static <S> List<Declared<S>> mix(List<Declared<S>> past, List<Declared<S>> now, int stay) {
        return IntStream.range(0, Math.max(past.size(), now.size()))
                .filter(i -> i < now.size() || i < stay)
                .mapToObj(i -> i < stay && i < past.size() ? past.get(i) : i < now.size() ? next(now.get(i)) : null)
                .filter(declared -> declared != null)
                .toList();
    }

    private static <S> Declared<S> next(Declared<S> declared) {
        return new Declared<>(
                declared.key(), declared.uid(), declared.generation() + 1, declared.created(), declared.spec());
    }

    private static <S> List<Declared<S>> declared(DeclaredKind<S, ?> kind, List<S> specs) {
        var declared = new ArrayList<Declared<S>>();
        for (int i = 0; i < specs.size(); i++) {
            String name = "o" + i;
            // Two created in the same second, the next two a second before
            declared.add(new Declared<>(
                    new ObjectKey(kind, name), kind + name, 1, Instant.ofEpochSecond(1000 - i / 2), specs.get(i)));
        }
        return declared;
    }

    private static Arbitrary<List<ClusterNode>> nodes() {
        return Arbitraries.of(0, 1, 2, 3)
                .set()
                .ofMinSize(1)
                .flatMap(present -> Combinators.combine(
                                present.stream().map(Clusters::node).toList())
                        .as(nodes -> nodes));
    }

    private static Arbitrary<ClusterNode> node(int number) {
        var addresses = List.of(ip("10.0.0." + number), ip("fd00::" + number));
        return Arbitraries.of(
                        addresses,
                        addresses,
                        List.of(addresses.getFirst()),
                        List.of(addresses.getLast()),
                        List.<IpAddress>of())
                .map(internal -> new ClusterNode(
                        "n" + number,
                        "uid-n" + number,
                        Map.of("even", "" + (number % 2 == 0)),
                        internal,
                        List.of(),
                        List.of()));
    }

    private static Arbitrary<List<AgentFacts>> facts() {
        return Arbitraries.of(0, 1, 2, 3)
                .set()
                .map(known -> known.stream()
                        .sorted()
                        .map(number -> new AgentFacts(
                                "n" + number,
                                Optional.of(CpuList.parse(number == 0 ? "0" : "0-3")),
                                Set.of(ip("10.0.0." + number), ip("172.20.0." + number), ip("172.17.0.1")),
                                Optional.empty()))
                        .toList());
    }

    private static Arbitrary<SecurityAssociationSpec> sas() {
        return Combinators.combine(
                        end(),
                        end(),
                        Arbitraries.of(255L, 4096L, 4097L),
                        Arbitraries.integers().between(0, 8))
                .as((source, destination, spi, key) -> SecurityAssociationSpecBuilder.builder()
                        .withSource(source)
                        .withDestination(destination)
                        .withSpi(spi)
                        .withEncryption(new Encryption("ENCR_AES_GCM_16", 256, new KeySecretRef("keys", "key" + key)))
                        .withTerms(SaTermsBuilder.builder()
                                .withMode(SaMode.Tunnel)
                                .withReqid(Api.FIRST_REQID)
                                .withReplayWindow(4096)
                                .withEsn(true)
                                .build())
                        .build());
    }

    private static Arbitrary<SecurityPolicySpec> policies() {
        var selectors = Arbitraries.of(
                Selector.betweenTheEnds(),
                Selector.between("10.20.1.0/24", "10.20.2.0/24"),
                Selector.between("fd20:1::/64", null),
                new Selector("10.20.1.7/24", null, new IntOrString("ICMP"), 7, null, null, null, null, null));
        return Combinators.combine(
                        end(), end(), selectors, Arbitraries.of(PolicyAction.values()), Arbitraries.of(SaMode.values()))
                .as((source, destination, selector, action, mode) -> SecurityPolicySpec.esp(
                        new PolicyEnd(source.node(), source.address(), null),
                        new PolicyEnd(destination.node(), destination.address(), null),
                        selector,
                        action,
                        mode,
                        Api.FIRST_REQID,
                        1000));
    }

    private static Arbitrary<SteeringPolicySpec> steering() {
        var selectors = Arbitraries.of(
                new LabelSelector(),
                new LabelSelector(List.of(), Map.of("even", "true")),
                new LabelSelector(List.of(), Map.of("even", "false")));
        return Combinators.combine(
                        selectors.injectNull(0.2),
                        Arbitraries.of("eth0", "eth1", "eth2")
                                .list()
                                .uniqueElements()
                                .ofMinSize(1),
                        Arbitraries.of("0", "0-3", "0-9", "3-1").injectNull(0.3))
                .as((selector, interfaces, cpus) ->
                        new SteeringPolicySpec(selector, interfaces, cpus, 2048, XdpMode.Auto));
    }

    private static Arbitrary<SaEnd> end() {
        var node = Arbitraries.integers().between(0, NODES).map(number -> "n" + number);
        var address = Arbitraries.of(
                "10.0.0.0",
                "10.0.0.1",
                "172.20.0.1",
                "172.17.0.1",
                "192.0.2.1",
                "192.0.2.2",
                "2001:DB8::1",
                "no address");
        return Arbitraries.oneOf(
                node.map(name -> new SaEnd(name, null, null, null)),
                node.map(name -> new SaEnd(name, null, null, null)),
                Combinators.combine(node, Arbitraries.of(0, 2, 9)).as((name, cpu) -> new SaEnd(name, null, cpu, null)),
                Combinators.combine(node, address).as((name, ip) -> new SaEnd(name, ip, null, null)),
                address.map(ip -> new SaEnd(null, ip, null, null)));
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
