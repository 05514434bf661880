package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.FullDisk;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.threeten.extra.MutableClock;

/** The thread around {@link KernelReconciler}: what it makes of news, in whatever order they come. */
class KernelThreadTest {

    private static final CpuList ONE = CpuList.parse("0");

    @TempDir
    private Path folder;

    private final MutableClock clock = MutableClock.epochUTC();
    private final TestingKernel kernel = new TestingKernel(clock);

    private final AtomicInteger failed = new AtomicInteger();

    private TestingThread start(String boot) {
        return new TestingThread(folder.resolve("state"), boot, kernel, clock, UnaryOperator.identity());
    }

    private TestingThread startWithDisk(UnaryOperator<DurableState> disk) {
        return new TestingThread(folder.resolve("state"), "boot", kernel, clock, disk);
    }

    private static List<Slice> plan(PlannedPolicy... policies) {
        return List.of(new Slice(
                "s",
                "uid-s",
                policies.length,
                new NodePlanSpec("n1", List.of(), List.of(policies), List.of()),
                Optional.empty()));
    }

    @Test
    void followsACpuThatGoesOfflineAndWhatWasReadBeforeDoesNotUndoIt() throws InterruptedException {
        try (TestingThread loop = start("boot")) {
            loop.events.plansAre(List.of());
            loop.events.factsAre(TestingThread.facts(TestingThread.BOTH, "192.0.2.1"));
            assertThat(toldOf(loop, node -> node.cpus().equals(TestingThread.BOTH)))
                    .isNotNull();

            loop.online = ONE;
            loop.events.cpusChanged();
            assertThat(toldOf(loop, node -> node.cpus().equals(ONE))).isNotNull();

            loop.events.factsAre(TestingThread.facts(TestingThread.BOTH, "192.0.2.2"));
            NodeInfo late = toldOf(loop, node -> node.addresses().containsValue(List.of("192.0.2.2")));
            assertThat(late.cpus()).isEqualTo(ONE);
        }
    }

    private static NodeInfo toldOf(TestingThread loop, Predicate<NodeInfo> expected) throws InterruptedException {
        return loop.told(news -> expected.test(news.node().facts())).node().facts();
    }

    @Test
    void protectsAfterABootBeforeItKnowsAPlanAndThenFollowsThePlan() throws InterruptedException {
        protectUntilEverythingIsInForce();
        kernel.boot();

        try (TestingThread loop = start("next boot")) {
            loop.events.factsAre(TestingThread.facts(TestingThread.BOTH, "192.0.2.1"));
            await().ignoreExceptions().until(() -> kernel.ours().size() == 2);
            assertThat(loop.isSilent()).isTrue();

            loop.events.plansAre(plan(TestingNode.protect("in", PolicyDirection.In, 1000)));
            loop.told(news -> news.report().leavingPolicies().isEmpty());
        }
        assertThat(kernel.ours()).hasSize(1);
        assertThat(kernel.trespasses()).isEmpty();
    }

    @Test
    void withoutABootAndWithoutAPlanNothingIsDone() throws InterruptedException {
        protectUntilEverythingIsInForce();
        kernel.flushPolicies();

        try (TestingThread loop = start("boot")) {
            loop.events.factsAre(TestingThread.facts(TestingThread.BOTH, "192.0.2.1"));
            loop.events.linksChanged();
        }
        assertThat(kernel.ours()).isEmpty();
    }

    @Test
    void whatIsGoneIsNotReportedAsInForceThoughTheDiskKeepsItFromBeingRepaired() throws InterruptedException {
        AtomicBoolean full = new AtomicBoolean();
        try (TestingThread loop = startWithDisk(state -> FullDisk.under(state, full))) {
            protectEverything(loop);
            full.set(true);
            kernel.deletePolicy(kernel.policyIds().iterator().next());
            loop.events.kernelTold(kernel.notifications());

            StatusUpdate seen = loop.told(news -> news.node().trouble().isPresent());
            assertThat(seen.report().policies().values())
                    .extracting(EntryStatus::state)
                    .containsExactlyInAnyOrder(EntryState.Installed, EntryState.Pending);

            clock.add(Duration.ofSeconds(31));
            loop.events.linksChanged();
            StatusUpdate failing = loop.told(news -> hasReason(news, Reason.AgentFailing));
            assertThat(failing.report().policies().values())
                    .filteredOn(status -> status.state() == EntryState.Pending)
                    .singleElement()
                    .satisfies(status -> assertThat(status.message()).contains("No space left"));
            assertThat(failing.report().tally().allInstalled()).isFalse();

            full.set(false);
            clock.add(Duration.ofSeconds(31));
            loop.events.linksChanged();
            loop.told(news -> news.report().tally().allInstalled());
        }
    }

    @Test
    void anAgentThatCannotReadTheKernelDoesNotSayWhatItSawLast() throws InterruptedException {
        AtomicBoolean mute = new AtomicBoolean();
        try (TestingThread loop =
                new TestingThread(folder.resolve("state"), "boot", mute(mute), clock, UnaryOperator.identity())) {
            protectEverything(loop);
            mute.set(true);
            clock.add(Duration.ofSeconds(11));
            loop.events.linksChanged();
            StatusUpdate first = loop.told(news -> news.node().trouble().isPresent());
            assertThat(first.report().tally().allInstalled()).isTrue();

            clock.add(Duration.ofSeconds(31));
            loop.events.linksChanged();
            StatusUpdate blind = loop.told(news -> hasReason(news, Reason.AgentFailing));
            assertThat(blind.report().policies().values())
                    .allSatisfy(status -> assertThat(status.state()).isEqualTo(EntryState.Pending))
                    .allSatisfy(status ->
                            assertThat(status.message()).contains("not known", "for the last time", "no answer"));
        }
    }

    @Test
    void anAgentThatNeverCouldReadTheKernelCorrectsTheOneBeforeIt() throws InterruptedException {
        try (TestingThread loop = new TestingThread(
                folder.resolve("state"), "boot", mute(new AtomicBoolean(true)), clock, UnaryOperator.identity())) {
            loop.events.plansAre(plan(TestingNode.protect("out", PolicyDirection.Out, 1000)));
            loop.events.factsAre(TestingThread.facts(TestingThread.BOTH, "192.0.2.1"));
            // Until the first failure
            await().until(() -> failed.get() > 0);
            clock.add(Duration.ofSeconds(31));
            loop.events.linksChanged();

            assertThat(loop.told(news -> true).report().policies().values())
                    .extracting(EntryStatus::reason)
                    .containsExactly(Reason.AgentFailing);
        }
    }

    private static boolean hasReason(StatusUpdate news, Reason reason) {
        return news.report().policies().values().stream().anyMatch(status -> status.reason() == reason);
    }

    /** The kernel, whose dumps fail as long as the switch is on. */
    private Xfrm mute(AtomicBoolean mute) {
        return (Xfrm) Proxy.newProxyInstance(
                Xfrm.class.getClassLoader(), new Class<?>[] {Xfrm.class}, (proxy, method, arguments) -> {
                    if (mute.get() && method.getName().startsWith("dump")) {
                        failed.incrementAndGet();
                        throw new XfrmException("no answer");
                    }
                    try {
                        return method.invoke(kernel, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private void protectUntilEverythingIsInForce() throws InterruptedException {
        try (TestingThread loop = start("boot")) {
            protectEverything(loop);
        }
    }

    private static void protectEverything(TestingThread loop) throws InterruptedException {
        loop.events.plansAre(plan(
                TestingNode.protect("out", PolicyDirection.Out, 1000),
                TestingNode.protect("in", PolicyDirection.In, 1000)));
        loop.events.factsAre(TestingThread.facts(TestingThread.BOTH, "192.0.2.1"));
        loop.told(news -> news.report().tally().allInstalled());
    }
}
