package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
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

    private static final int PER_CPU = 2;

    private Cluster cluster;
    private AgreedTunnel tunnel;

    @BeforeEach
    void given(Cluster given) {
        cluster = given;
        tunnel = new AgreedTunnel(cluster, "keys", PER_CPU);
    }

    @Test
    void aTunnelComesIntoForceAndIsTakenOffUnderTraffic() {
        try (Flow.Running flow = start()) {
            tunnel.applyReady();
            assertThat(cluster.client()
                            .resource(tunnel.declared())
                            .get()
                            .getStatus()
                            .pairs())
                    .isEqualTo("1/1");
            try (WatchedWire wire = WatchedWire.of(cluster.lab().daemons(), cluster.node(0))) {
                Await.pause(AFTERMATH);
                WatchedWire.Report seen = wire.end();
                assertThat(seen.esp()).isGreaterThan(PER_SECOND);
                assertThat(seen.clear()).isZero();
            }
            cluster.client().resource(tunnel.declared()).delete();
            Await.until(
                    "the tunnel is off",
                    AgreedTunnel.COLD,
                    cluster::tails,
                    () -> cluster.states().stream()
                            .allMatch(state ->
                                    state.sad().isBlank() && !state.spd().contains("tmpl")));
            assertLossless(flow);
        }
    }

    @Test
    void newKeysLoseNothing() {
        tunnel.applyReady();
        cluster.warmUp();
        try (Flow.Running flow = start();
                WatchedWire wire = WatchedWire.of(cluster.lab().daemons(), cluster.node(0))) {
            for (int i = 0; i < REKEYS; i++) {
                tunnel.awaitOthersThan(tunnel.requestKeys());
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
        tunnel.applyReady();
        cluster.warmUp();
        Map<String, String> before = tunnel.newest();
        try (Flow.Running flow = start()) {
            cluster.agent(0).kill();
            cluster.agent(0).startAgain();
            cluster.agent(0).awaitReady();
            Await.pause(AFTERMATH);
            Await.pause(AFTERMATH);
            assertThat(tunnel.newest()).isEqualTo(before);
            assertLossless(flow);
        }
    }

    @Test
    void aNodeThatIsBootedComesBackByItself() {
        tunnel.applyReady();
        cluster.warmUp();
        Node n1 = cluster.node(0);
        String before = tunnel.newest().get(n1.name());
        cluster.agent(0).bootNode();
        cluster.agent(0).startAgain();
        cluster.agent(0).awaitReady();
        Await.until(
                "the node has other keys, and its pods are reached by them",
                AgreedTunnel.COLD,
                cluster::tails,
                () -> Optional.ofNullable(tunnel.newest().get(n1.name()))
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
}
