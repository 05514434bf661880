package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.flowNode;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.nothing;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.End;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.TemplateLevel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Three nodes whose agents read their plans, act and report each in its own time, while users declare, change and delete.
 * The kernels are asked, not the plans: at no moment does one send what the other one would drop, or drop what it is to
 * send for want of an SA.
 */
class StagesPropertiesTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final List<String> SAS = List.of("s0", "s1", "s2", "s3");
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
    private final Map<String, Sending> justDeleted = new HashMap<>();

    /** What a user has policies for, and wants no SAs for or took away those that were in force. */
    private final Set<Sending> forsaken = new HashSet<>();

    private Fixtures cluster;
    private int declared;

    /** How a node sends to another one. */
    private record Sending(String from, String to, long reqid) {
        static Sending of(End from, End to, long reqid) {
            return new Sending(from.node(), to.node(), reqid);
        }

        static Sending of(Declared<SecurityAssociationSpec> sa) {
            return of(
                    sa.spec().source(),
                    sa.spec().destination(),
                    sa.spec().terms().reqid());
        }
    }

    @Property(tries = 400)
    void nothingIsSentThatTheOtherEndWouldDrop(@ForAll Random random) {
        begin();
        for (int i = 0; i < STEPS; i++) {
            switch (random.nextInt(8)) {
                case 0 -> declare(random);
                case 1, 2 -> delete(random);
                case 3, 4 -> operator();
                default -> agent(NODES.get(random.nextInt(NODES.size())), random.nextBoolean());
            }
            assertNothingIsLost();
        }
        everybodyUntilItIsQuiet();
        Compiler.compile(snapshot()).verdicts().forEach((object, verdict) -> {
            assertThat(verdict.waits()).as("%s, in the end", object).isEmpty();
            if (verdict.findings().isEmpty()) {
                assertThat(verdict.nodes()).as("%s, in the end", object).allMatch(name -> has(name, object));
            }
        });
        Stream.concat(SAS.stream(), POLICIES.stream()).forEach(this::delete);
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
                case 1 -> delete(random);
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

    /** Policies and their SAs, in the order in which kubectl happens to get to them. */
    @Property(tries = 200)
    void whatIsAppliedAndDeletedTogetherLosesNothing(@ForAll Random random) {
        begin();
        for (int turn = 0; turn < 3; turn++) {
            var whole = new ArrayList<>(List.of("s0", "s1", "p" + random.nextInt(2)));
            Collections.shuffle(whole, random);
            whole.forEach(name -> {
                declare(name, PolicyAction.Protect, Api.FIRST_REQID);
                afterAWhile(random, 2);
            });
            everybodyUntilItIsQuiet();
            assertThat(forsaken).isEmpty();
            Collections.shuffle(whole, random);
            whole.forEach(name -> {
                delete(name);
                afterAWhile(random, 10);
            });
            justDeleted.clear();
            afterAWhile(random, 30);
        }
    }

    private void afterAWhile(Random random, int steps) {
        for (int i = random.nextInt(steps); i > 0; i--) {
            if (random.nextInt(3) == 0) {
                operator();
            } else {
                agent(NODES.get(random.nextInt(NODES.size())), random.nextBoolean());
            }
            assertNothingIsLost();
        }
    }

    private void begin() {
        cluster = nothing();
        agents.clear();
        justDeleted.clear();
        forsaken.clear();
        declared = 0;
        for (String name : NODES) {
            cluster = cluster.node(name, "10.0.0." + name.charAt(1));
            agents.put(name, new Agent());
        }
    }

    private void declare(Random random) {
        if (random.nextInt(3) < 2) {
            declare(SAS.get(random.nextInt(SAS.size())), PolicyAction.Protect, Api.FIRST_REQID);
        } else {
            declare(
                    POLICIES.get(random.nextInt(POLICIES.size())),
                    random.nextInt(4) == 0 ? PolicyAction.Bypass : PolicyAction.Protect,
                    Api.FIRST_REQID + random.nextInt(2));
        }
    }

    private void declare(String name, PolicyAction action, long reqid) {
        if (POLICIES.contains(name)) {
            declarePolicy(name, action, reqid);
        } else if (cluster.sas().stream().noneMatch(sa -> sa.key().name().equals(name))) {
            declareSa(name);
        }
        wants();
    }

    /** Two for the flow from n1 to n2, one for that from n2 to n3, and one of another reqid. */
    private void declareSa(String name) {
        justDeleted.keySet().removeIf(uid -> uid.startsWith(name + "-"));
        int spi = 4096 + SAS.indexOf(name);
        cluster = switch (name) {
            case "s2" -> cluster.sa(name, node("n2"), node("n3"), spi);
            case "s3" -> cluster.sa(name, spi, "reqid: %d".formatted(Api.FIRST_REQID + 1));
            default -> cluster.sa(name, node("n1"), node("n2"), spi);
        };
        cluster = cluster.withUid(name, name + "-" + declared++);
    }

    /** Two names for the flow from n1 to n2: one of them takes the place of the other. */
    private void declarePolicy(String name, PolicyAction action, long reqid) {
        var spec = SecurityPolicySpec.esp(
                flowNode(name.equals("p2") ? "n2" : "n1"),
                flowNode(name.equals("p2") ? "n3" : "n2"),
                Fixtures.prefixes("10.20.1.0/24", "10.20.2.0/24"),
                action,
                SaMode.Tunnel,
                reqid,
                1000);
        declared++;
        String uid = cluster.policies().stream()
                .filter(policy -> policy.key().name().equals(name))
                .map(Declared::uid)
                .findFirst()
                .orElse(name + "-" + declared);
        cluster = cluster.declarePolicy(new Declared<>(Fixtures.policy(name), uid, declared, Fixtures.NOON, spec));
    }

    private void delete(Random random) {
        switch (random.nextInt(3)) {
            case 0 -> delete(SAS.get(random.nextInt(SAS.size())));
            case 1 -> delete(POLICIES.get(random.nextInt(POLICIES.size())));
            default -> {
                justDeleted.clear();
                wants();
            }
        }
    }

    private void delete(String name) {
        cluster.sas().stream()
                .filter(sa -> sa.key().name().equals(name))
                .forEach(sa -> justDeleted.put(sa.uid(), Sending.of(sa)));
        cluster = cluster.delete(name);
        wants();
    }

    /** Takes note of what a user has policies for, and by now no SAs. */
    private void wants() {
        var planned = cluster.slices().stream()
                .flatMap(slice -> Entry.of(slice.spec()).stream())
                .map(Entry::uid)
                .collect(toSet());
        justDeleted.keySet().retainAll(planned);
        for (var policy : cluster.policies()) {
            var sending = Sending.of(
                    policy.spec().source(),
                    policy.spec().destination(),
                    policy.spec().reqid());
            var sas = cluster.sas().stream()
                    .filter(sa -> Sending.of(sa).equals(sending))
                    .map(Declared::uid)
                    .collect(toSet());
            if (agents.get(sending.from()).kernel.values().stream().anyMatch(entry -> sas.contains(entry.uid()))) {
                forsaken.remove(sending);
            } else if (!justDeleted.containsValue(sending) && (sas.isEmpty() || sends(sending))) {
                forsaken.add(sending);
            }
        }
    }

    /** By its kernel, or as soon as its agent has read its plan. */
    private boolean sends(Sending sending) {
        var planned = cluster.slices().stream()
                .filter(slice -> slice.spec().node().equals(sending.from()))
                .flatMap(slice -> Entry.of(slice.spec()).stream());
        return Stream.concat(agents.get(sending.from()).kernel.values().stream(), planned)
                .anyMatch(entry -> entry instanceof Entry.Policy(PlannedPolicy policy)
                        && policy.direction() == PolicyDirection.Out
                        && policy.protection()
                                .filter(template -> template.reqid() == sending.reqid())
                                .isPresent());
    }

    private ClusterSnapshot snapshot() {
        return cluster.snapshot(justDeleted.keySet());
    }

    private void operator() {
        cluster = cluster.slices(Fixtures.asExisting(Compiler.compile(snapshot()), cluster.slices()));
        wants();
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
        justDeleted.clear();
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
            sent.map(template -> new Sending(flow.getFirst(), flow.getLast(), template.reqid()))
                    .filter(Predicate.not(forsaken::contains))
                    .ifPresent(sending -> assertThat(hasSa(sending))
                            .as("an SA for %s", sending)
                            .isTrue());
            for (var direction : List.of(PolicyDirection.In, PolicyDirection.Forward)) {
                var receiver = at(flow.getLast(), direction);
                assertThat(takes(receiver, sent))
                        .as("%s sends %s, %s takes %s", flow.getFirst(), sent, flow.getLast(), receiver)
                        .isTrue();
            }
        }
    }

    private boolean hasSa(Sending sending) {
        return agents.get(sending.from()).kernel.values().stream()
                .anyMatch(entry -> entry instanceof Entry.Sa(PlannedSa sa)
                        && sa.direction() == SaDirection.Out
                        && sa.otherNode().filter(sending.to()::equals).isPresent()
                        && sa.terms().reqid() == sending.reqid());
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
