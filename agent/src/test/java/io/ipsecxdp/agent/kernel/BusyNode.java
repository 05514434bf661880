package io.ipsecxdp.agent.kernel;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.PolicyFile;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.report.SaFigures;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.SaId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.threeten.extra.MutableClock;

/** An agent's kernel thread with an SA for each direction, through which packets go. */
final class BusyNode implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration STEP = Duration.ofMillis(50);
    private static final SaId OUT = SaId.esp(ip("10.0.0.2"), 0x1000);
    private static final SaId IN = SaId.esp(ip("10.0.0.1"), 0x2000);

    final Events events = new Events();
    final MutableClock clock = MutableClock.epochUTC();
    private final TestingKernel kernel = new TestingKernel(clock);
    private final StateFolder state;
    private final KeyRing ring;
    private final KernelThread thread;

    BusyNode(Path folder, Consumer<StatusUpdate> listener) {
        state = StateFolder.open(folder, "boot");
        ring = new KeyRing(this::key, events::keyArrived, state::fingerprint, clock);
        thread = TestingThread.thread(
                events,
                kernel,
                state,
                "boot",
                new KernelReconciler(kernel, state, ring, clock),
                ring,
                () -> TestingThread.BOTH,
                TestingPeers.none(),
                new PolicyFile(folder),
                listener,
                clock);
        thread.start();
        events.factsAre(TestingThread.facts(TestingThread.BOTH, "10.0.0.1"));
    }

    private CompletableFuture<KeySecrets.Answer> key(KeySource source) {
        boolean outbound = source instanceof KeySource.InSecret(Protection protection)
                && protection.keySecretRef().equals(TestingNode.keyOf("out"));
        return CompletableFuture.completedFuture(new KeySecrets.Key(
                KeyMaterial.takeFrom(TestingNode.key(outbound ? 1 : 2)),
                Optional.of(clock.instant()),
                Optional.empty()));
    }

    /** The clock goes on meanwhile. */
    void await(BooleanSupplier condition) {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(deadline);
            try {
                Thread.sleep(STEP);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            clock.add(STEP);
        }
    }

    static NodePlanSpec plan() {
        return new NodePlanSpec(
                "n1",
                List.of(TestingNode.outbound("out", OUT.spi()), TestingNode.inbound("in", IN.spi())),
                List.of(TestingNode.protect("policy", PolicyDirection.Out, 1000)),
                List.of());
    }

    static boolean isInForce(StatusUpdate news) {
        return news.report().tally().allInstalled() && news.sas().size() == 2;
    }

    static long packets(StatusUpdate news) {
        return news.sas().stream().mapToLong(SaFigures::packets).sum();
    }

    /** A minute later the agent looks at everything. */
    void minute() {
        clock.add(Duration.ofSeconds(61));
        events.kernelTold(List.of(new Notification(new Notification.Lost("a minute is over"), false)));
    }

    void traffic(int packets) {
        kernel.send(OUT, packets);
        kernel.receive(IN, packets);
    }

    @Override
    public void close() {
        thread.close();
        ring.close();
        state.close();
    }
}
