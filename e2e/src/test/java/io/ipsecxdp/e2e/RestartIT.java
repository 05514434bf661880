package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No restart of ours is felt by traffic: 500 numbered packets per second each way. */
@OnCluster
class RestartIT {
    private static final int PER_SECOND = 500;

    private static final int PORT = 5_100;

    private Cluster cluster;
    private DeclaredTunnel tunnel;

    @BeforeEach
    void steeredTunnel(Cluster given) {
        cluster = given;
        tunnel = DeclaredTunnel.make(cluster.keys(), "restart", cluster.node(0), cluster.node(1), 2);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
        cluster.warmUp();
    }

    @Test
    void anAgentThatRestarts() {
        assertNothingIsLostWhile(() -> {
            cluster.agent(1).terminate();
            cluster.agent(1).startAgain();
            cluster.agent(1).awaitReady();
            cluster.awaitReady(tunnel.objects());
        });
    }

    @Test
    void anAgentThatIsKilled() {
        assertNothingIsLostWhile(() -> {
            cluster.agent(0).kill();
            cluster.agent(0).startAgain();
            cluster.agent(0).awaitReady();
            cluster.awaitReady(tunnel.objects());
        });
    }

    @Test
    void anAgentThatIsGone() {
        List<NodeState> before = cluster.states();
        assertNothingIsLostWhile(() -> {
            cluster.agent(1).terminate();
            assertThat(cluster.states()).isEqualTo(before);
            cluster.await(
                    tunnel.sas().getFirst(),
                    "of unknown state",
                    condition -> condition.status() == Condition.Status.Unknown
                            && condition.reason().equals(Reason.AgentNotReporting.name()));
            assertThat(cluster.states()).isEqualTo(before);
        });
        cluster.agent(1).startAgain();
        cluster.agent(1).awaitReady();
        cluster.awaitReady(tunnel.objects());
    }

    @Test
    void theOperatorThatRestarts() {
        List<NodeState> before = cluster.states();
        assertNothingIsLostWhile(() -> {
            cluster.operator().terminate();
            cluster.operator().startAgain();
            DeclaredTunnel other =
                    DeclaredTunnel.make(cluster.keys(), "meanwhile", cluster.node(0), cluster.node(1), 0);
            cluster.applyReady(other.sas());
            other.sas().forEach(sa -> cluster.client().resource(sa).delete());
            cluster.awaitStates(before);
        });
    }

    @Test
    void anApiServerThatRestarts() {
        List<NodeState> before = cluster.states();
        assertNothingIsLostWhile(() -> {
            cluster.lab().api().stopServer();
            assertThat(cluster.states()).isEqualTo(before);
            cluster.lab().api().startServer();
            DeclaredTunnel other =
                    DeclaredTunnel.make(cluster.keys(), "afterwards", cluster.node(0), cluster.node(1), 0);
            cluster.applyReady(other.sas());
        });
    }

    private void assertNothingIsLostWhile(Runnable happening) {
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT, PER_SECOND)
                .start(cluster.lab().daemons())) {
            happening.run();
            Flow.Report report = flow.end();

            assertThat(report.lost()).as(report.toString()).isZero();
            assertThat(report.duplicates()).isZero();
            assertThat(report.received()).isEqualTo(report.sent()).isGreaterThan(PER_SECOND);
        }
    }
}
