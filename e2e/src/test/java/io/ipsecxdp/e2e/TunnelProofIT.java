package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Three nodes, all pairs under traffic, and all that may come between a rekey and its end: no packet is lost, twice or in clear. */
@OnCluster(nodes = 3)
@Order(ClusterExtension.OTHER_NODES)
class TunnelProofIT {
    /** Of each of three pairs, and as many echoes: 2,100 in all. */
    private static final int PER_SECOND = 350;

    private static final int LEAST_PER_SECOND = 2_000;
    private static final int REKEYS = 5;
    private static final int PER_CPU = 2;
    private static final Duration CUT = Duration.ofSeconds(10);
    private static final Duration AFTERMATH = Duration.ofSeconds(3);

    private Cluster cluster;
    private AgreedTunnel tunnel;

    @BeforeEach
    void inForce(Cluster given) {
        cluster = given;
        tunnel = new AgreedTunnel(cluster, "proof", PER_CPU);
        tunnel.applyReady();
        cluster.warmUp();
    }

    @Test
    void noPacketIsLostToARekeyWhateverComesBetween() {
        try (MeshTraffic traffic = MeshTraffic.start(cluster, PER_SECOND)) {
            for (int i = 1; i <= REKEYS; i++) {
                step("rekey " + i, this::rekey);
            }
            step("rekey without the API for an agent", this::rekeyWhileAnAgentIsCutOff);
            step("rekey with an agent killed", this::rekeyWhileAnAgentIsKilled);
            step("rekey without the operator", this::rekeyWithoutTheOperator);
            step("rekey and an older etcd", this::rekeyWhileEtcdIsRestored);
            step("boot", () -> boot(traffic));
            MeshTraffic.Report report = traffic.end();
            System.out.println(report);
            assertThat(report.lost()).as(report.toString()).isZero();
            assertThat(report.twice()).isZero();
            assertThat(report.repeated()).isZero();
            assertThat(report.clear()).isZero();
            assertThat(report.unseen()).isZero();
            // There and back, each once
            assertThat(report.esp()).isGreaterThanOrEqualTo(2 * report.sent());
            assertThat(report.perSecond()).isGreaterThan(LEAST_PER_SECOND);
        }
    }

    private void rekey() {
        awaitDone(tunnel.requestKeys());
    }

    /** It hears of the request only when the others have made new keys; they hold the old ones for it. */
    private void rekeyWhileAnAgentIsCutOff() {
        Map<String, String> before = tunnel.newest();
        cluster.node(2).cutOff(() -> {
            tunnel.requestKeys();
            Await.pause(CUT);
        });
        awaitDone(before);
    }

    private void rekeyWhileAnAgentIsKilled() {
        Map<String, String> before = tunnel.requestKeys();
        cluster.agent(1).kill();
        cluster.agent(1).startAgain();
        cluster.agent(1).awaitReady();
        awaitDone(before);
    }

    /** The request is put into the plans for it, so that nothing of the rekey happens before it is away. */
    private void rekeyWithoutTheOperator() {
        cluster.operator().terminate();
        Map<String, String> before = tunnel.requestKeys();
        String patch = "[{\"op\":\"add\",\"path\":\"/spec/tunnels/0/rekeyRequest\",\"value\":\"%s\"}]"
                .formatted(tunnel.declared().getSpec().rekey().request());
        cluster.lab()
                .nodes()
                .forEach(node ->
                        cluster.lab().kubectl().run("patch", "nodeplan", node.name(), "--type=json", "--patch", patch));
        awaitDone(before);
        cluster.operator().startAgain();
        cluster.operator().awaitReady();
    }

    /** The restored etcd knows neither the last keys nor that somebody asked for others. */
    private void rekeyWhileEtcdIsRestored() {
        cluster.lab().api().backUp();
        Map<String, String> backedUp = tunnel.newest();
        rekey();
        Map<String, String> last = tunnel.requestKeys();
        cluster.lab().api().restore();
        tunnel.requestKeys();
        tunnel.awaitOthersThan(backedUp);
        awaitDone(last);
    }

    private void boot(MeshTraffic traffic) {
        Node n1 = cluster.node(0);
        Map<String, String> before = tunnel.newest();
        traffic.without(n1, () -> {
            cluster.agent(0).bootNode();
            cluster.agent(0).startAgain();
            cluster.agent(0).awaitReady();
            tunnel.awaitOthersThan(before, List.of(n1));
            awaitPairedSads();
        });
        Await.pause(AFTERMATH);
    }

    private void awaitDone(Map<String, String> before) {
        tunnel.awaitOthersThan(before);
        awaitPairedSads();
    }

    /** Each outbound SA of a node is an inbound one of its peer, and no node has another one. */
    private void awaitPairedSads() {
        List<Node> nodes = cluster.lab().nodes();
        Await.until(
                "the SADs agree",
                AgreedTunnel.COLD,
                () -> PairedSads.of(nodes) + "\n" + cluster.tails(),
                () -> PairedSads.of(nodes).agree(nodes, PER_CPU + 1));
    }

    private void step(String what, Runnable body) {
        long begun = System.nanoTime();
        body.run();
        System.out.printf("%s: %.1f s; dropped: %s%n", what, (System.nanoTime() - begun) / 1e9, dropped());
    }

    /** What the kernels say that XFRM dropped, and why: for people who look for the step that lost a packet. */
    private List<String> dropped() {
        return cluster.lab().nodes().stream()
                .map(node -> node.name() + " "
                        + node.script("grep -v '\t0$' /proc/net/xfrm_stat || true")
                                .replaceAll("\\s+", " "))
                .toList();
    }
}
