package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PolicyDirection;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The thread around {@link KernelReconciler}: what it makes of news, in whatever order they come. */
class KernelThreadTest {

    private static final CpuList ONE = CpuList.parse("0");

    @TempDir
    private Path folder;

    private final MovableClock clock = new MovableClock();
    private final TestingKernel kernel = new TestingKernel(clock);

    private TestingThread start(String boot) {
        return new TestingThread(folder.resolve("state"), boot, kernel, clock, UnaryOperator.identity());
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

    private void protectUntilEverythingIsInForce() throws InterruptedException {
        try (TestingThread loop = start("boot")) {
            loop.events.plansAre(plan(
                    TestingNode.protect("out", PolicyDirection.Out, 1000),
                    TestingNode.protect("in", PolicyDirection.In, 1000)));
            loop.events.factsAre(TestingThread.facts(TestingThread.BOTH, "192.0.2.1"));
            loop.told(news -> news.report().tally().allInstalled());
        }
    }
}
