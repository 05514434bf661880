package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.report.NodeReporter;
import io.ipsecxdp.agent.report.XfrmErrors;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.steering.Steerer;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.Reason;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The thread around {@link KernelReconciler}: what it makes of news, in whatever order they come. */
class KernelThreadTest {

    private static final CpuList BOTH = CpuList.parse("0-1");
    private static final CpuList ONE = CpuList.parse("0");

    @TempDir
    private Path folder;

    private final MovableClock clock = new MovableClock();
    private final Events events = new Events();
    private final BlockingQueue<StatusUpdate> told = new LinkedBlockingQueue<>();
    private volatile CpuList online = BOTH;
    private StateFolder state;
    private KeyRing keys;
    private KernelThread loop;

    @BeforeEach
    void start() {
        TestingKernel kernel = new TestingKernel(clock);
        state = StateFolder.open(folder.resolve("state"), "boot");
        keys = new KeyRing(
                encryption -> CompletableFuture.completedFuture(new KeySecrets.NoKey(Reason.KeyMissing, "none")),
                events::keyArrived,
                state::fingerprint,
                clock);
        Steerer steerer = new Steerer(Optional.empty(), Optional.empty(), state, "boot", clock);
        loop = new KernelThread(
                events,
                kernel,
                new KernelReconciler(kernel, state, keys, clock),
                steerer,
                () -> online,
                new NodeReporter(
                        new NodeReporter.Identity("kernel", "boot", "agent", true, List.of()),
                        kernel,
                        state,
                        steerer,
                        new XfrmErrors(Map::of, clock)),
                told::add,
                clock);
        loop.start();
        events.plansAre(List.of());
    }

    @AfterEach
    void stop() {
        loop.close();
        keys.close();
        state.close();
    }

    @Test
    void followsACpuThatGoesOfflineAndWhatWasReadBeforeDoesNotUndoIt() throws InterruptedException {
        events.factsAre(facts(BOTH, "192.0.2.1"));
        assertThat(toldOf(node -> node.cpus().equals(BOTH))).isNotNull();

        online = ONE;
        events.cpusChanged();
        assertThat(toldOf(node -> node.cpus().equals(ONE))).isNotNull();

        events.factsAre(facts(BOTH, "192.0.2.2"));
        NodeInfo late = toldOf(node -> node.addresses().containsValue(List.of("192.0.2.2")));
        assertThat(late.cpus()).isEqualTo(ONE);
    }

    private static NodeInfo facts(CpuList cpus, String address) {
        return new NodeInfo(
                cpus, Map.of("eth0", List.of(address)), new ApiServerWay(Set.of(), Set.of(), 32_768, 60_999));
    }

    private NodeInfo toldOf(Predicate<NodeInfo> expected) throws InterruptedException {
        while (true) {
            StatusUpdate news = told.poll(10, TimeUnit.SECONDS);
            assertThat(news).as("news of what happened").isNotNull();
            if (expected.test(news.node().facts())) {
                return news.node().facts();
            }
        }
    }
}
