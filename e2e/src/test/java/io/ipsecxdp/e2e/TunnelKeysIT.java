package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.PerCpu;
import io.ipsecxdp.crds.Rekey;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelEnd;
import io.ipsecxdp.crds.TunnelSpec;
import io.ipsecxdp.crds.TunnelTraffic;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nodes agree keys, and new ones, under traffic: numbered packets there and back, none lost, none twice, none in the clear. */
@OnCluster
class TunnelKeysIT {
    private static final int PER_SECOND = 500;
    private static final int PORT = 5_400;
    private static final int REKEYS = 5;

    /** Longer than anything that goes on after a condition is right. */
    private static final Duration AFTERMATH = Duration.ofSeconds(3);

    /** In hexadecimal, of the SAs that a node sends by or receives by. */
    private static final Pattern KEY = Pattern.compile("aead \\S+ 0x([0-9a-f]+) ");

    /** The first keys take code that an agent has not run yet, in a guest that emulates its CPUs. */
    private static final Duration COLD = Cluster.PATIENCE.multipliedBy(3);

    private Cluster cluster;

    @BeforeEach
    void given(Cluster given) {
        cluster = given;
    }

    @Test
    void aTunnelComesIntoForceAndIsTakenOffUnderTraffic() {
        try (Flow.Running flow = start()) {
            Tunnel tunnel = tunnel(null);
            applyReady(tunnel);
            assertThat(statusOf(tunnel)).isEqualTo("1/1");
            try (WatchedWire wire = WatchedWire.of(cluster.lab().daemons(), cluster.node(0))) {
                Await.pause(AFTERMATH);
                WatchedWire.Report seen = wire.end();
                assertThat(seen.esp()).isGreaterThan(PER_SECOND);
                assertThat(seen.clear()).isZero();
            }
            cluster.client().resource(tunnel).delete();
            Await.until(
                    "the tunnel is off",
                    COLD,
                    cluster::tails,
                    () -> cluster.states().stream()
                            .allMatch(state ->
                                    state.sad().isBlank() && !state.spd().contains("tmpl")));
            assertLossless(flow);
        }
    }

    @Test
    void newKeysLoseNothing() {
        Tunnel tunnel = tunnel("0");
        applyReady(tunnel);
        cluster.warmUp();
        try (Flow.Running flow = start();
                WatchedWire wire = WatchedWire.of(cluster.lab().daemons(), cluster.node(0))) {
            for (int i = 1; i <= REKEYS; i++) {
                Map<String, String> before = newest();
                cluster.apply(List.of(tunnel(Integer.toString(i))));
                awaitOthersThan(before);
            }
            Await.pause(AFTERMATH);
            rememberKeys();
            WatchedWire.Report seen = wire.end();
            assertLossless(flow);
            assertThat(seen.repeated()).isZero();
            assertThat(seen.clear()).isZero();
        }
    }

    @Test
    void anAgentThatIsKilledGoesOnWithItsKeys() {
        Tunnel tunnel = tunnel(null);
        applyReady(tunnel);
        cluster.warmUp();
        Map<String, String> before = newest();
        try (Flow.Running flow = start()) {
            cluster.agent(0).kill();
            cluster.agent(0).startAgain();
            cluster.agent(0).awaitReady();
            Await.pause(AFTERMATH);
            Await.pause(AFTERMATH);
            assertThat(newest()).isEqualTo(before);
            assertLossless(flow);
        }
    }

    @Test
    void aNodeThatIsBootedComesBackByItself() {
        applyReady(tunnel(null));
        cluster.warmUp();
        Node n1 = cluster.node(0);
        String before = newest().get(n1.name());
        cluster.agent(0).terminate();
        AnotherBoot boot = AnotherBoot.of(n1);
        try {
            cluster.agent(0).startAgain();
            cluster.agent(0).awaitReady();
            Await.until(
                    "the node has other keys, and its pods are reached by them",
                    COLD,
                    cluster::tails,
                    () -> Optional.ofNullable(newest().get(n1.name()))
                                    .filter(now -> !now.equals(before))
                                    .isPresent()
                            && isReached(cluster.node(1)));
            try (Flow.Running flow = start();
                    WatchedWire wire = WatchedWire.of(cluster.lab().daemons(), n1)) {
                Await.pause(AFTERMATH);
                WatchedWire.Report seen = wire.end();
                assertLossless(flow);
                assertThat(seen.esp()).isGreaterThan(PER_SECOND);
                assertThat(seen.clear()).isZero();
            }
        } finally {
            cluster.agent(0).terminate();
            // Its boot id is the old one again, and what was installed since is of no boot that it knows
            boot.close();
            AnotherBoot.flush(n1);
            cluster.agent(0).startIfDown();
        }
    }

    private boolean isReached(Node other) {
        return cluster.node(0)
                .tryRun(
                        "ping",
                        "-q",
                        "-c",
                        "3",
                        "-W",
                        "1",
                        "-I",
                        cluster.node(0).facts().podAddress(IpFamily.IPV4),
                        other.facts().podAddress(IpFamily.IPV4))
                .ok();
    }

    /** So that they are looked for afterwards wherever people and programs read. */
    private void rememberKeys() {
        cluster.lab()
                .nodes()
                .forEach(node -> KEY.matcher(node.run("ip", "xfrm", "state"))
                        .results()
                        .forEach(found -> cluster.keys().remember(HexFormat.of().parseHex(found.group(1)))));
    }

    private Flow.Running start() {
        return Flow.endless(cluster.node(0), cluster.node(1), PORT, PER_SECOND)
                .start(cluster.lab().daemons());
    }

    private static void assertLossless(Flow.Running flow) {
        Flow.Report report = flow.end();
        System.out.println(report);
        assertThat(report.lost()).as(report.toString()).isZero();
        assertThat(report.duplicates()).isZero();
        assertThat(report.sent()).isGreaterThan(PER_SECOND);
    }

    private static Tunnel tunnel(String request) {
        Tunnel tunnel = new Tunnel();
        tunnel.setMetadata(new ObjectMetaBuilder().withName("keys").build());
        tunnel.setSpec(new TunnelSpec(
                List.of(new TunnelEnd(new LabelSelector())),
                TunnelTraffic.ofPods(),
                new PerCpu(2),
                null,
                new Rekey(null, null, request),
                null,
                null));
        return tunnel;
    }

    private void applyReady(Tunnel tunnel) {
        cluster.apply(List.of(tunnel));
        Await.until(
                "the tunnel is Ready",
                COLD,
                () -> cluster.ready(tunnel) + "\n" + cluster.tails(),
                () -> new Conditions(cluster.client()).isReady(tunnel));
    }

    private String statusOf(Tunnel tunnel) {
        return cluster.client().resource(tunnel).get().getStatus().pairs();
    }

    /** The newest public value of each node; and only those of whom nothing older is left to wait for. */
    private Map<String, String> newest() {
        Map<String, String> newest = new TreeMap<>();
        cluster.client().resources(KeyShare.class).list().getItems().forEach(share -> {
            List<KeyGeneration> shown = share.getSpec().generations();
            Optional.of(shown)
                    .filter(all -> all.size() == 1)
                    .ifPresent(all -> newest.put(
                            share.getMetadata().getName(), all.getFirst().publicKey()));
        });
        return newest;
    }

    private void awaitOthersThan(Map<String, String> before) {
        Await.until(
                "all nodes have new keys, and let go of the old ones",
                COLD,
                () -> newest() + " after " + before + "\n" + cluster.tails(),
                () -> newest().size() == cluster.lab().nodes().size()
                        && newest().entrySet().stream()
                                .noneMatch(entry -> entry.getValue().equals(before.get(entry.getKey()))));
    }
}
