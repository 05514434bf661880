package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.flowNode;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.nothing;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.TemplateLevel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Three nodes whose agents read their plans, act and report each in its own time, while users declare, change and delete.
 * The kernels are asked, not the plans: at no moment does one send what the other one would drop.
 */
class StagesPropertiesTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final List<String> POLICIES = List.of("p0", "p1", "p2");
    private static final int STEPS = 60;

    /** A node: its kernel, and what its agent has read and reported. */
    private static final class Agent {
        private final Map<String, ExistingSlice> read = new TreeMap<>();
        private final Map<Entry.Key, Entry> kernel = new TreeMap<>();
        private List<Report> reported = List.of();
        private final Map<String, Long> observed = new HashMap<>();
    }

    private final Map<String, Agent> agents = new TreeMap<>();
    private Fixtures cluster;
    private int declared;

    @Property(tries = 400)
    void nothingIsSentThatTheOtherEndWouldDrop(@ForAll Random random) {
        begin();
        for (int i = 0; i < STEPS; i++) {
            switch (random.nextInt(8)) {
                case 0 -> declare(random);
                case 1 -> cluster = cluster.delete("s" + random.nextInt(3));
                case 2 -> cluster = cluster.delete(POLICIES.get(random.nextInt(POLICIES.size())));
                case 3, 4 -> operator();
                default -> agent(NODES.get(random.nextInt(NODES.size())), random.nextBoolean());
            }
            assertNothingIsLost();
        }
        everybodyUntilItIsQuiet();
        Compiler.compile(cluster.snapshot()).verdicts().forEach((object, verdict) -> {
            assertThat(verdict.waits()).as("%s, in the end", object).isEmpty();
            if (verdict.findings().isEmpty()) {
                assertThat(verdict.nodes()).as("%s, in the end", object).allMatch(name -> has(name, object));
            }
        });
        List.of("s0", "s1", "s2", "p0", "p1", "p2").forEach(name -> cluster = cluster.delete(name));
        everybodyUntilItIsQuiet();
        agents.forEach((name, agent) -> assertThat(agent.kernel).as(name).isEmpty());
        assertThat(cluster.slices())
                .allSatisfy(slice -> assertThat(Entry.of(slice.spec())).isEmpty());
    }

    @Property(tries = 100)
    void aPeerThatIsSilentHoldsItsOwnChangesAndNoOthers(
            @ForAll Random random, @ForAll @IntRange(min = 0, max = 2) int silent) {
        begin();
        String name = NODES.get(silent);
        for (int i = 0; i < STEPS; i++) {
            switch (random.nextInt(6)) {
                case 0 -> declare(random);
                case 1 -> cluster = cluster.delete("s" + random.nextInt(3));
                case 2 -> operator();
                default -> {
                    String other = NODES.get(random.nextInt(NODES.size()));
                    if (!other.equals(name)) {
                        agent(other, random.nextBoolean());
                    }
                }
            }
            assertNothingIsLost();
        }
    }

    private void begin() {
        cluster = nothing();
        agents.clear();
        declared = 0;
        for (String name : NODES) {
            cluster = cluster.node(name, "10.0.0." + name.charAt(1));
            agents.put(name, new Agent());
        }
    }

    private void declare(Random random) {
        int number = random.nextInt(3);
        String from = number < 2 ? "n1" : "n2";
        String to = number < 2 ? "n2" : "n3";
        if (random.nextInt(3) < 2) {
            String name = "s" + number;
            boolean there =
                    cluster.sas().stream().anyMatch(sa -> sa.key().name().equals(name));
            if (!there) {
                cluster = cluster.sa(name, node(from), node(to), 4096 + number).withUid(name, name + "-" + declared++);
            }
            return;
        }
        // Two names for the flow from n1 to n2: one of them takes the place of the other
        String name = POLICIES.get(random.nextInt(POLICIES.size()));
        var action = random.nextInt(4) == 0 ? PolicyAction.Bypass : PolicyAction.Protect;
        var spec = SecurityPolicySpec.esp(
                flowNode(name.equals("p2") ? "n2" : "n1"),
                flowNode(name.equals("p2") ? "n3" : "n2"),
                Fixtures.prefixes("10.20.1.0/24", "10.20.2.0/24"),
                action,
                SaMode.Tunnel,
                268435457L + random.nextInt(2),
                1000);
        declared++;
        String uid = cluster.policies().stream()
                .filter(policy -> policy.key().name().equals(name))
                .map(Declared::uid)
                .findFirst()
                .orElse(name + "-" + declared);
        cluster = cluster.declarePolicy(new Declared<>(Fixtures.policy(name), uid, declared, Fixtures.NOON, spec));
    }

    private void operator() {
        cluster = cluster.slices(Fixtures.asExisting(cluster.compileNow(), cluster.slices()));
    }

    /** The agent reads some of its slices and acts, or reports. */
    private void agent(String name, boolean reports) {
        var agent = agents.get(name);
        if (!reports) {
            cluster.slices().stream()
                    .filter(slice -> slice.spec().node().equals(name))
                    .forEach(slice -> agent.read.put(slice.name(), slice));
            agent.kernel.clear();
            agent.read
                    .values()
                    .forEach(slice -> Entry.of(slice.spec()).forEach(entry -> agent.kernel.put(entry.key(), entry)));
            agent.read.values().forEach(slice -> agent.observed.put(slice.name(), slice.generation()));
            agent.reported = agent.kernel.values().stream()
                    .flatMap(entry -> Fixtures.reports(entry).stream())
                    .toList();
            return;
        }
        var all = new HashMap<>(cluster.reports().bySubject());
        all.keySet().removeIf(subject -> subject.node().equals(name));
        agent.reported.forEach(
                report -> all.merge(new Reports.Subject(name, report.object()), List.of(report), Fixtures::concat));
        cluster = cluster.observed(
                cluster.slices().stream()
                        .map(slice -> Optional.ofNullable(agent.observed.get(slice.name()))
                                .map(generation -> new ExistingSlice(
                                        slice.name(),
                                        slice.nodeUid(),
                                        slice.spec(),
                                        slice.generation(),
                                        Optional.of(generation)))
                                .orElse(slice))
                        .toList(),
                new Reports(all));
    }

    private void everybodyUntilItIsQuiet() {
        for (int i = 0; i < 20; i++) {
            operator();
            for (String name : NODES) {
                agent(name, false);
                assertNothingIsLost();
                agent(name, true);
            }
        }
    }

    private void assertNothingIsLost() {
        for (String sender : NODES) {
            var kernel = agents.get(sender).kernel;
            for (var entry : kernel.values()) {
                if (entry instanceof Entry.Sa(PlannedSa sa) && sa.direction() == SaDirection.Out) {
                    var far = agents.get(sa.otherNode().orElseThrow()).kernel.values();
                    assertThat(far.stream()
                                    .filter(Entry.Sa.class::isInstance)
                                    .map(Entry::uid)
                                    .collect(toSet()))
                            .as("%s sends by %s", sender, sa.name())
                            .contains(sa.uid());
                }
            }
        }
        for (var flow : List.of(List.of("n1", "n2"), List.of("n2", "n3"))) {
            var sent = at(flow.getFirst(), PolicyDirection.Out).flatMap(PlannedPolicy::protection);
            for (var direction : List.of(PolicyDirection.In, PolicyDirection.Forward)) {
                var receiver = at(flow.getLast(), direction);
                assertThat(takes(receiver, sent))
                        .as("%s sends %s, %s takes %s", flow.getFirst(), sent, flow.getLast(), receiver)
                        .isTrue();
            }
        }
    }

    private boolean has(String node, ObjectKey object) {
        return agents.get(node).kernel.keySet().stream()
                .anyMatch(key -> key.object().equals(object));
    }

    /** A kernel has one policy for a selector and direction. */
    private Optional<PlannedPolicy> at(String node, PolicyDirection direction) {
        var there = agents.get(node).kernel.values().stream()
                .filter(Entry.Policy.class::isInstance)
                .map(entry -> ((Entry.Policy) entry).planned())
                .filter(policy -> policy.direction() == direction)
                .toList();
        assertThat(there).as("%s of %s", direction, node).hasSizeLessThan(2);
        return there.stream().findFirst();
    }

    /** As __xfrm_policy_check in net/xfrm/xfrm_policy.c, for tunnels. */
    private static boolean takes(Optional<PlannedPolicy> inbound, Optional<PlannedPolicy.Template> sent) {
        var templates = new ArrayList<PlannedPolicy.Template>();
        inbound.flatMap(PlannedPolicy::protection).ifPresent(templates::add);
        inbound.flatMap(PlannedPolicy::formerProtection).ifPresent(templates::add);
        if (sent.isEmpty()) {
            return templates.stream().allMatch(PlannedPolicy.Template::letsPassWithout);
        }
        return templates.stream()
                        .filter(template -> !template.letsPassWithout())
                        .allMatch(template ->
                                template.at(TemplateLevel.Use).equals(sent.get().at(TemplateLevel.Use)))
                && templates.stream()
                        .anyMatch(template ->
                                template.at(TemplateLevel.Use).equals(sent.get().at(TemplateLevel.Use)));
    }
}
