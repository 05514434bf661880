package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** A kernel without the kfunc and without per-CPU SAs (Debian 12's 6.1): what it cannot do is said, the rest works. */
@OnCluster(kernel = KernelChoice.BOOKWORM)
@Order(ClusterExtension.OTHER_KERNELS)
class BookwormIT {

    @Test
    void theNodeSaysWhatItsKernelCannotDo(Cluster cluster) {
        NodeCapabilities capabilities = cluster.client()
                .resources(IPsecNode.class)
                .withName("n1")
                .get()
                .getStatus()
                .capabilities();

        assertThat(capabilities.esp()).isTrue();
        assertThat(capabilities.xfrmKfunc()).isFalse();
        assertThat(capabilities.perCpuSa()).isFalse();
        assertThat(capabilities.saDirection()).isFalse();
    }

    @Test
    void aTunnelWithoutOwnersWorks(Cluster cluster) {
        Tunnel tunnel = Tunnel.make(cluster.keys(), "old", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        try (Wire plain = Wire.count(cluster.lab().daemons(), cluster.lab().nodes(), "plain", "ip and udp")) {
            Flow.Report report = Flow.counted(cluster.node(0), cluster.node(1), 5_300, 0, 1_000, 500)
                    .run(cluster.lab().daemons());

            assertThat(report.lost()).isZero();
            assertThat(plain.stop()).isZero();
        }
    }

    @Test
    void anSaWithAnOwnerIsNotInstalledAndItsNeighboursAre(Cluster cluster) {
        Tunnel tunnel = Tunnel.make(cluster.keys(), "owners", cluster.node(0), cluster.node(1), 1);
        cluster.apply(tunnel.objects());

        cluster.await(tunnel.sa(cluster.node(0), 0), "unsupported", ClusterExtension::isUnsupported);
        cluster.awaitReady(tunnel.sas().stream()
                .filter(sa -> sa.getSpec().source().ownerCpu().isEmpty())
                .toList());
        cluster.awaitReady(tunnel.policies());
    }

    @Test
    void aSteeringPolicySaysThatTheKernelHasNoKfunc(Cluster cluster) {
        Tunnel tunnel = Tunnel.make(cluster.keys(), "steered", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(tunnel.objects());
        SteeringPolicy steering = Steering.on("eth0", XdpMode.Auto);
        cluster.apply(List.of(steering));

        Condition condition = cluster.await(steering, "unsupported", ClusterExtension::isUnsupported);
        assertThat(condition.message()).contains("bpf_xdp_get_xfrm_state");
        cluster.warmUp();
        assertThat(Flow.counted(cluster.node(0), cluster.node(1), 5_301, 0, 1_000, 500)
                        .run(cluster.lab().daemons())
                        .lost())
                .isZero();
        cluster.awaitReady(tunnel.objects());
    }
}
