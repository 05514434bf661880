package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.PolicyFile;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.report.NodeReporter;
import io.ipsecxdp.agent.report.XfrmErrors;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.steering.Steerer;
import io.ipsecxdp.agent.tunnel.NodeTunnels;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Xfrm;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.threeten.extra.MutableClock;

/** A {@link KernelThread} with all around it: a state folder on disk, a kernel in memory, and no API server. */
final class TestingThread implements AutoCloseable {

    static final CpuList BOTH = CpuList.parse("0-1");

    final Events events = new Events();
    final KernelThread thread;
    volatile CpuList online = BOTH;
    private final BlockingQueue<StatusUpdate> told = new LinkedBlockingQueue<>();
    private final StateFolder state;
    private final KeyRing keys;

    /** @param disk what the disk does to what is written */
    TestingThread(Path folder, String boot, Xfrm kernel, MutableClock clock, UnaryOperator<DurableState> disk) {
        state = StateFolder.open(folder, boot);
        keys = new KeyRing(
                encryption -> CompletableFuture.completedFuture(new KeySecrets.NoKey(Reason.KeyMissing, "none")),
                events::keyArrived,
                state::fingerprint,
                clock);
        thread = thread(
                events,
                kernel,
                state,
                boot,
                new KernelReconciler(kernel, disk.apply(state), keys, clock),
                keys,
                () -> online,
                TestingPeers.none(),
                new PolicyFile(folder),
                told::add,
                clock);
        thread.start();
    }

    /** A kernel thread that steers nothing. */
    static KernelThread thread(
            Events events,
            Xfrm kernel,
            StateFolder state,
            String boot,
            KernelReconciler reconciler,
            KeyRing keys,
            Supplier<CpuList> online,
            NodeTunnels tunnels,
            PolicyFile policies,
            Consumer<StatusUpdate> listener,
            Clock clock) {
        Steerer steerer = new Steerer(Optional.empty(), Optional.empty(), state, boot, clock);
        return new KernelThread(
                events,
                kernel,
                reconciler,
                steerer,
                online,
                new NodeReporter(
                        new NodeReporter.Identity("kernel", boot, "agent", true, List.of()),
                        kernel,
                        state,
                        steerer,
                        new XfrmErrors(Map::of, clock),
                        keys::clusterFingerprint),
                tunnels,
                policies,
                listener,
                clock);
    }

    static NodeInfo facts(CpuList cpus, String address) {
        return new NodeInfo(
                cpus, Map.of("eth0", List.of(address)), 0, new ApiServerWay(Set.of(), Set.of(), 32_768, 60_999));
    }

    /** The first news that is as expected, of those that were not looked at yet. */
    StatusUpdate told(Predicate<StatusUpdate> expected) throws InterruptedException {
        while (true) {
            StatusUpdate news = told.poll(20, TimeUnit.SECONDS);
            assertThat(news).as("news of what happened").isNotNull();
            if (expected.test(news)) {
                return news;
            }
        }
    }

    /** Whether nothing was told that was not looked at yet. */
    boolean isSilent() {
        return told.isEmpty();
    }

    @Override
    public void close() {
        thread.close();
        keys.close();
        state.close();
    }
}
