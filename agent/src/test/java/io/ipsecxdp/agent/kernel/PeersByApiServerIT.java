package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.ledger.PolicyFile;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.peers.ApiServerLink;
import io.ipsecxdp.agent.peers.TmpfsStore;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.tunnel.NodeTunnels;
import io.ipsecxdp.agent.tunnel.PlannedPods;
import io.ipsecxdp.agent.tunnel.Ways;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.crds.TunnelPeersSpec;
import io.ipsecxdp.crds.TunnelReport;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.threeten.extra.MutableClock;

/** Two agents that hear each other by a real API server, each with a kernel in memory. */
class PeersByApiServerIT {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Duration STEP = Duration.ofMillis(100);
    private static final int REKEYS = 5;

    @TempDir
    private Path folder;

    private Path memory;

    /** That of all, and of the kernels; it goes on while something is awaited. */
    private final MutableClock clock = MutableClock.epochUTC();

    private TestingApiServer server;
    private KubernetesClient client;
    private Member one;
    private Member two;

    @BeforeEach
    void twoNodesOfATunnel() throws IOException {
        memory = Files.createTempDirectory(Path.of("/dev/shm"), "peers");
        server = TestingApiServer.start(PROJECT, folder.resolve("api"));
        server.install("ipsec-xdp-agent");
        client = server.client();
        TunnelPeers peers = new TunnelPeers();
        peers.setMetadata(new ObjectMetaBuilder().withName("pods-0").build());
        peers.setSpec(new TunnelPeersSpec("pods", "uid-of-tunnel", 2L, List.of(entry(1), entry(2))));
        client.resource(peers).create();
        one = new Member(1);
        two = new Member(2);
        request("0");
        await(() -> one.isInForce() && two.isInForce());
    }

    @AfterEach
    void end() throws IOException {
        one.close();
        two.close();
        server.close();
        try (Stream<Path> files = Files.walk(memory)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }

    @Test
    void newKeysComeAsOftenAsTheyAreAskedFor() {
        for (int i = 1; i <= REKEYS; i++) {
            Map<String, List<String>> before = shown();
            request(Integer.toString(i));
            await(() -> {
                Map<String, List<String>> now = shown();
                return now.keySet().stream()
                        .allMatch(node ->
                                now.get(node).size() == 1 && !now.get(node).equals(before.get(node)));
            });
        }
        assertThat(one.isInForce()).isTrue();
        assertThat(two.isInForce()).isTrue();
    }

    private void request(String text) {
        one.plan(text);
        two.plan(text);
    }

    private Map<String, List<String>> shown() {
        Map<String, List<String>> shown = new TreeMap<>();
        client.resources(KeyShare.class)
                .list()
                .getItems()
                .forEach(share -> shown.put(
                        share.getMetadata().getName(),
                        share.getSpec().generations().stream()
                                .map(KeyGeneration::publicKey)
                                .toList()));
        return shown;
    }

    private interface Condition {
        boolean holds();
    }

    private void await(Condition condition) {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (!condition.holds()) {
            assertThat(Instant.now())
                    .as(() -> "%s, %s; %s"
                            .formatted(
                                    one.latest.get(),
                                    two.latest.get(),
                                    client.resources(KeyShare.class).list().getItems().stream()
                                            .map(share -> share.getMetadata().getName() + "@"
                                                    + share.getMetadata().getResourceVersion() + " " + share.getSpec())
                                            .toList()))
                    .isBefore(deadline);
            try {
                Thread.sleep(STEP.toMillis());
                clock.add(STEP);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static TunnelPeer entry(int number) {
        return new TunnelPeer(
                "n" + number,
                "uid-n" + number,
                List.of("10.0.0." + number),
                List.of("10.%d.0.0/16".formatted(number)),
                TunnelPeer.MESH,
                (long) number,
                null);
    }

    /** A node. */
    private final class Member implements AutoCloseable {
        private final AtomicReference<Optional<TunnelReport>> latest = new AtomicReference<>(Optional.empty());
        private final String name;
        private final Events events = new Events();
        private final StateFolder state;
        private final TmpfsStore store;
        private final ApiServerLink link;
        private final KernelThread thread;
        private long generation;

        Member(int number) {
            name = "n" + number;
            state = StateFolder.open(folder.resolve(name), "boot");
            store = new TmpfsStore(memory.resolve(name), "boot", state.identity());
            link = new ApiServerLink(
                    client, name, new KeySecrets(client, TestingApiServer.KEYS, clock).presharedKeys(), events, clock);
            NodeTunnels tunnels = new NodeTunnels(name, store, link, to -> Ways.UNKNOWN);
            KeyRing keys = new KeyRing(
                    source -> CompletableFuture.completedFuture(tunnels.key((KeySource.Derived) source)
                            .<KeySecrets.Answer>map(
                                    key -> new KeySecrets.Key(key, Optional.of(Instant.MAX), Optional.empty()))
                            .orElseGet(() -> new KeySecrets.NoKey(Reason.KeyMissing, "lost"))),
                    events::keyArrived,
                    state::fingerprint,
                    clock);
            TestingKernel kernel = new TestingKernel(clock);
            thread = TestingThread.thread(
                    events,
                    kernel,
                    state,
                    "boot",
                    new KernelReconciler(kernel, state, keys, clock),
                    keys,
                    () -> CpuList.parse("0-1"),
                    tunnels,
                    new PolicyFile(folder.resolve(name)),
                    this::told,
                    clock);
            thread.start();
            events.factsAre(new NodeInfo(
                    CpuList.parse("0-1"), Map.of(), 0, new ApiServerWay(Set.of(), Set.of(), 32_768, 60_999)));
        }

        void plan(String request) {
            generation++;
            events.plansAre(List.of(new Slice(
                    "plan",
                    "uid-of-plan",
                    generation,
                    new NodePlanSpec(
                            name,
                            List.of(),
                            List.of(),
                            List.of(),
                            List.of(PlannedPods.tunnel("uid-of-tunnel", 3600, Optional.empty(), request))),
                    Optional.empty())));
        }

        private void told(StatusUpdate news) {
            latest.set(Optional.ofNullable(news.report().tunnels().get("uid-of-tunnel")));
        }

        boolean isInForce() {
            return latest.get()
                    .filter(report -> report.state() == EntryState.Installed && report.pairs() == 1)
                    .isPresent();
        }

        @Override
        public void close() {
            thread.close();
            link.close();
            store.close();
            state.close();
        }
    }
}
