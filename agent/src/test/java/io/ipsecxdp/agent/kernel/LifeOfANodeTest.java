package io.ipsecxdp.agent.kernel;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds whatever happens to a node, and in whatever order. */
class LifeOfANodeTest {

    private static final int SAS = 3;
    private static final int INBOUND = 1;
    private static final long REQID = 0x1000_0001L;
    private static final long REQID_OF_THE_LAST = 0x1000_0002L;

    /** Something that happens; the number says to which SA, or how much. */
    enum Event {
        DECLARE,
        WITHDRAW,
        DECLARE_ANEW_WITH_THE_SAME_KEY,
        CHANGE_THE_KEY,
        TAKE_THE_KEY_OF_ANOTHER,
        DECLARE_POLICY,
        CHANGE_POLICY,
        WITHDRAW_POLICY,
        SEND,
        RECEIVE,
        REPLAY,
        AGENT_LOOKS,
        AGENT_SETTLES,
        ADMIN_DELETES,
        ADMIN_REPLACES,
        ADMIN_CHANGES,
        ADMIN_FLUSHES,
        ADMIN_DELETES_POLICY,
        ADMIN_REPLACES_POLICY,
        ADMIN_CHANGES_POLICY,
        ADMIN_FLUSHES_POLICIES,
        SOCKET_OVERFLOWS,
        KERNEL_REFUSES,
        KERNEL_IS_SLOW,
        ANSWERS_ARE_LOST,
        AGENT_CRASHES,
        AGENT_RESTARTS,
        NODE_REBOOTS,
        FOLDER_IS_LOST,
        API_SERVER_GOES,
        API_SERVER_COMES,
        API_SERVER_MOVES,
        ADMIN_DELETES_BYPASSES,
        TIME_PASSES
    }

    record Step(Event event, int number) {}

    @Provide
    Arbitrary<List<Step>> lives() {
        Arbitrary<Event> events = Arbitraries.of(Event.class);
        return Combinators.combine(events, Arbitraries.integers().between(0, 4))
                .as(Step::new)
                .list()
                .ofMinSize(5)
                .ofMaxSize(60);
    }

    @Property(tries = 2000)
    void aNonceIsNeverUsedTwice(@ForAll("lives") List<Step> life) {
        try (TestingNode node = new TestingNode()) {
            World world = new World(node);
            life.forEach(world::happen);
            world.apiServerComes();
            node.settle();
            assertThat(node.kernel.noncesAtRisk()).isEmpty();
        }
    }

    @Property(tries = 1000)
    void aReplayIsNeverAccepted(@ForAll("lives") List<Step> life) {
        try (TestingNode node = new TestingNode()) {
            World world = new World(node);
            life.forEach(world::happen);
            world.apiServerComes();
            node.settle();
            world.happen(new Step(Event.REPLAY, 0));
            assertThat(node.kernel.replays()).isEmpty();
        }
    }

    /** But what is adopted after a folder was lost: then, what looks as it was reported is taken for ours. */
    @Property(tries = 1000)
    void whatIsNotOursIsNeverTouchedAndWhatIsNotPlannedIsRemoved(@ForAll("lives") List<Step> life) {
        try (TestingNode node = new TestingNode()) {
            World world = new World(node);
            life.stream().filter(step -> step.event() != Event.FOLDER_IS_LOST).forEach(world::happen);
            world.apiServerComes();
            world.apiServerIsKnown();
            node.settle();
            assertThat(node.kernel.trespasses()).isEmpty();
            assertThat(node.kernel.ours()).containsAll(world.installed());
            Set<Object> planned = world.planned();
            planned.addAll(node.last().plan().bypasses());
            assertThat(planned).containsAll(node.kernel.ours());
        }
    }

    /** Not even because its selector covers the way to the API server. */
    @Property(tries = 1000)
    void whatIsPlannedIsNeverTakenAway(@ForAll("lives") List<Step> life) {
        try (TestingNode node = new TestingNode()) {
            World world = new World(node);
            for (Step step : life) {
                Set<PolicyId> before = world.policies();
                world.happen(step);
                before.retainAll(world.policies());
                before.retainAll(node.kernel.changes().stream()
                        .filter(Change.DeletePolicy.class::isInstance)
                        .map(change -> ((Change.DeletePolicy) change).id())
                        .toList());
                assertThat(before).as("removed at %s", step).isEmpty();
            }
        }
    }

    /** Before the node knows a plan, and whether or not its SAs may be installed again. */
    @Property(tries = 1000)
    void whatProtectsIsInForceFromBootOn(@ForAll("lives") List<Step> life) {
        try (TestingNode node = new TestingNode()) {
            World world = new World(node);
            for (Step step : life) {
                world.happen(step);
                if (step.event() == Event.NODE_REBOOTS) {
                    world.apiServerIsKnown();
                    node.settle();
                    Set<Object> before = world.installed();
                    before.retainAll(world.policies());

                    node.reboot();

                    assertThat(node.kernel.ours()).containsAll(before);
                }
            }
        }
    }

    @Property(tries = 1000)
    void aChangedPolicyReplacesTheOldOneWhenItsSaIsInForce(@ForAll("lives") List<Step> life) {
        try (TestingNode node = new TestingNode()) {
            World world = new World(node);
            life.forEach(world::happen);
            world.apiServerComes();
            node.settle();
            assertThat(node.kernel.interruptions()).isEmpty();
        }
    }

    @Property(tries = 500)
    void aRepairComesToWhatALookAtEverythingWouldComeTo(@ForAll("lives") List<Step> life) {
        try (TestingNode node = new TestingNode()) {
            World world = new World(node);
            for (Step step : life) {
                world.happen(step);
                node.settleNow();
                Round repaired = node.last();
                Set<Object> seen = seen(node, world.planned());
                Journal journal = node.state().journal();
                node.kernel.changes();
                node.resync();
                assertThat(node.kernel.changes())
                        .as("left to do after %s", step)
                        .isEmpty();
                assertThat(node.last().plan()).as("told after %s", step).isEqualTo(repaired.plan());
                assertThat(seen(node, world.planned()))
                        .as("seen after %s", step)
                        .isEqualTo(seen);
                assertThat(node.state().journal()).isEqualTo(journal);
            }
        }
    }

    /**
     * Which of the planned entries the kernel has. What others have elsewhere, and what counters say, is as old as the last
     * look at everything.
     */
    private static Set<Object> seen(TestingNode node, Set<Object> planned) {
        Set<Object> seen = new HashSet<>(node.last().observed().sas().keySet());
        seen.addAll(node.last().observed().policies().keySet());
        seen.retainAll(planned);
        return seen;
    }

    /** The part of the world that is not the node. */
    private static final class World {
        private final TestingNode node;
        private final Map<Integer, PlannedSa> declared = new HashMap<>();
        private final Map<Integer, PlannedPolicy> policies = new HashMap<>();
        private final Map<KeySecretRef, Integer> keyNumbers = new HashMap<>();
        private int generation;
        private int lastKey;
        private int keysBeforeLoss;

        World(TestingNode node) {
            this.node = node;
            plan();
        }

        void happen(Step step) {
            int which = step.number() % SAS;
            switch (step.event()) {
                case DECLARE -> declare(which);
                case WITHDRAW -> {
                    declared.remove(which);
                    plan();
                }
                case DECLARE_ANEW_WITH_THE_SAME_KEY -> declareAnew(which);
                case CHANGE_THE_KEY ->
                    Optional.ofNullable(declared.get(which))
                            .ifPresent(sa -> put(sa.encryption().keySecretRef(), ++lastKey));
                case TAKE_THE_KEY_OF_ANOTHER -> takeKeyOfAnother(which);
                case DECLARE_POLICY -> {
                    policies.put(
                            which,
                            TestingNode.protect(
                                    "p" + which + "-" + step.number(),
                                    PolicyDirection.values()[which],
                                    1000 + ++generation));
                    plan();
                }
                case CHANGE_POLICY -> {
                    // The last of the SAs has a reqid of its own
                    long reqid = step.number() % 2 == 0 ? REQID : REQID_OF_THE_LAST;
                    policies.computeIfPresent(
                            which,
                            (same, policy) ->
                                    TestingNode.protect(policy.uid(), policy.direction(), policy.priority(), reqid));
                    plan();
                }
                case WITHDRAW_POLICY -> {
                    policies.remove(which);
                    plan();
                }
                case SEND -> node.kernel.send(id(which), 1 + KeyLedger.MARGIN * step.number());
                case RECEIVE -> node.kernel.receive(id(INBOUND), 1 + step.number());
                case REPLAY -> node.kernel.replay(id(INBOUND));
                case AGENT_LOOKS -> node.round();
                case AGENT_SETTLES -> node.settle();
                case ADMIN_DELETES -> node.kernel.deleteSa(id(which));
                case ADMIN_REPLACES -> {
                    node.kernel.deleteSa(id(which));
                    somewhatLater();
                    Optional.ofNullable(declared.get(which))
                            .flatMap(sa -> Optional.ofNullable(
                                    Desired.of(node.slices(), Map.of()).sas().get(Origin.of(sa.uid()))))
                            .ifPresent(wanted -> node.kernel.addForeign(wanted.sa()));
                }
                case ADMIN_CHANGES -> node.kernel.changeForeign(id(which));
                case ADMIN_FLUSHES -> node.kernel.flushSas();
                case ADMIN_DELETES_POLICY -> node.kernel.deletePolicy(policyId(which));
                case ADMIN_REPLACES_POLICY -> {
                    node.kernel.deletePolicy(policyId(which));
                    somewhatLater();
                    node.kernel.addForeign(policy(which, step.number()));
                }
                case ADMIN_CHANGES_POLICY -> {
                    if (node.kernel.ours().contains(policyId(which))) {
                        node.kernel.replaceForeign(policy(which, step.number()));
                        // An agent that does not listen cannot tell this from another policy in its place
                        node.round();
                    }
                }
                case ADMIN_FLUSHES_POLICIES -> node.kernel.flushPolicies();
                case SOCKET_OVERFLOWS -> node.kernel.overflow();
                case KERNEL_REFUSES -> {
                    node.kernel.refuse(change -> Optional.of(KernelError.of(Errno.ENOMEM)));
                    node.round();
                    node.round();
                    node.kernel.refuse(change -> Optional.empty());
                }
                case KERNEL_IS_SLOW -> {
                    node.kernel.takes(Duration.ofSeconds(1 + 3L * step.number()));
                    node.settleNow();
                    node.kernel.takes(Duration.ZERO);
                }
                case ANSWERS_ARE_LOST -> {
                    node.kernel.loseAnswers(true);
                    node.round();
                    node.round();
                    node.kernel.loseAnswers(false);
                }
                case AGENT_CRASHES -> {
                    node.kernel.crashAfter(step.number());
                    node.round();
                    node.round();
                    node.kernel.crashAfter(Integer.MAX_VALUE);
                }
                case AGENT_RESTARTS -> node.restart();
                case NODE_REBOOTS -> node.reboot();
                case FOLDER_IS_LOST -> loseFolder();
                case API_SERVER_GOES -> node.apiServerDown(true);
                case API_SERVER_COMES -> apiServerComes();
                case API_SERVER_MOVES -> node.apiServer(way(step.number()));
                case ADMIN_DELETES_BYPASSES ->
                    Optional.ofNullable(node.last())
                            .ifPresent(last -> last.plan().bypasses().forEach(node.kernel::deletePolicy));
                case TIME_PASSES -> node.clock.add(Duration.ofMillis(700L * step.number()));
            }
        }

        /** Under the policies, beside them, and with what is behind the configured address known or not. */
        private static ApiServerWay way(int number) {
            Set<InetAddress> here = Set.of(ip("10.1.0.1"));
            Set<Endpoint> under = Set.of(new Endpoint(ip("10.2.0.9"), 6443), new Endpoint(ip("10.2.0.8"), 6443));
            Set<Endpoint> beside = Set.of(new Endpoint(ip("10.96.0.1"), 443));
            return new ApiServerWay(number % 2 == 0 ? under : beside, here, here, number < 4, 32768, 60999);
        }

        /** With no agent listening, an entry of others that looks like ours, and as old, is beyond telling. */
        private void somewhatLater() {
            node.clock.add(Duration.ofSeconds(11));
        }

        void apiServerIsKnown() {
            node.apiServer(way(0));
        }

        void apiServerComes() {
            node.apiServerDown(false);
        }

        /**
         * What the API server remembers of a node with a lost folder is which planned SAs were installed there. It has to
         * have been told before; and that other objects had a key, which are not planned any more, nobody remembers: to
         * give such a key to an SA is beyond what can be seen here.
         */
        private void loseFolder() {
            apiServerComes();
            node.round();
            Set<String> remembered = node.status("slice").securityAssociations().stream()
                    .filter(report -> Boolean.TRUE.equals(report.keyUsed()))
                    .map(SaReport::uid)
                    .collect(Collectors.toSet());
            declared.values().stream()
                    .filter(sa -> !remembered.contains(sa.uid()))
                    .forEach(sa -> put(sa.encryption().keySecretRef(), ++lastKey));
            node.loseFolder();
            keysBeforeLoss = lastKey;
        }

        private void declare(int which) {
            if (!declared.containsKey(which)) {
                String uid = "u" + which + "-" + ++generation;
                put(TestingNode.keyOf(uid), ++lastKey);
                declared.put(which, sa(uid, which));
                plan();
            }
        }

        private static PlannedSa sa(String uid, int which) {
            long spi = 0x1000 + which;
            return TestingNode.withReqid(
                    which == SAS - 1 ? REQID_OF_THE_LAST : REQID,
                    which == INBOUND ? TestingNode.inbound(uid, spi) : TestingNode.outbound(uid, spi));
        }

        private void declareAnew(int which) {
            PlannedSa before = declared.get(which);
            if (before != null && number(before) > keysBeforeLoss) {
                String uid = "u" + which + "-" + ++generation;
                declared.put(which, TestingNode.withKey(before.encryption().keySecretRef(), sa(uid, which)));
                plan();
            }
        }

        private void takeKeyOfAnother(int which) {
            PlannedSa sa = declared.get(which);
            PlannedSa other = declared.get((which + 1) % SAS);
            if (sa != null && other != null && number(other) > keysBeforeLoss) {
                put(sa.encryption().keySecretRef(), number(other));
            }
        }

        private int number(PlannedSa sa) {
            return keyNumbers.get(sa.encryption().keySecretRef());
        }

        private void put(KeySecretRef ref, int number) {
            keyNumbers.put(ref, number);
            node.secret(ref, TestingNode.key(number));
        }

        private void plan() {
            node.plan("slice", new ArrayList<>(declared.values()), new ArrayList<>(policies.values()));
        }

        /** Places of the policies that are planned. */
        Set<PolicyId> policies() {
            return Desired.of(node.slices(), Map.of()).policies().values().stream()
                    .map(policy -> policy.policy().id())
                    .collect(Collectors.toSet());
        }

        Set<Object> planned() {
            return ids(status -> true);
        }

        /** What the agent says is in force. */
        Set<Object> installed() {
            return ids(status -> status.state() == EntryState.Installed);
        }

        private Set<Object> ids(Predicate<EntryStatus> chosen) {
            Desired desired = Desired.of(node.slices(), Map.of());
            Set<Object> ids = new HashSet<>();
            desired.sas().forEach((origin, sa) -> {
                if (chosen.test(node.sa(origin.uid()))) {
                    ids.add(sa.sa().id());
                }
            });
            desired.policies().forEach((key, policy) -> {
                if (chosen.test(node.policy(key.origin().uid(), key.direction()))) {
                    ids.add(policy.policy().id());
                }
            });
            return ids;
        }

        private static PolicyId policyId(int which) {
            return policy(which, 0).id();
        }

        private static Policy policy(int which, int number) {
            PlannedPolicy planned = TestingNode.protect("foreign", PolicyDirection.values()[which], 5000 + number);
            Slice slice = new Slice(
                    "x", "x", 1, new NodePlanSpec("n1", List.of(), List.of(planned), List.of()), Optional.empty());
            return Desired.of(List.of(slice), Map.of())
                    .policies()
                    .values()
                    .iterator()
                    .next()
                    .policy();
        }

        private static SaId id(int which) {
            try {
                return SaId.esp(InetAddress.getByName(which == INBOUND ? "10.0.0.1" : "10.0.0.2"), 0x1000 + which);
            } catch (UnknownHostException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
