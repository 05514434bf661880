package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** A kernel without ESP, if this machine's is one: SAs say so, steering works. */
@OnCluster(kernel = KernelChoice.HOST)
@Order(ClusterExtension.OTHER_KERNELS)
class NoEspIT {

    @BeforeEach
    void thisKernelHasNoEsp() {
        Needs.that(KernelChoice.best(Project.here()).reason().contains("ESP with AES-GCM"), "a kernel without ESP");
    }

    @Test
    void theNodeSaysSo(Cluster cluster) {
        assertThat(cluster.client()
                        .resources(IPsecNode.class)
                        .withName("n1")
                        .get()
                        .getStatus()
                        .capabilities()
                        .esp())
                .isFalse();
    }

    @Test
    void anSaSaysThatTheKernelHasNoEsp(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "no-esp", cluster.node(0), cluster.node(1), 0);
        cluster.apply(tunnel.sas());

        Condition condition = cluster.await(tunnel.sas().getFirst(), "unsupported", ClusterExtension::isUnsupported);
        assertThat(condition.message()).contains("ESP");
    }

    @Test
    void steeringWorks(Cluster cluster) {
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));

        assertThat(cluster.node(0).run("ip", "link", "show", "eth0")).contains("prog/xdp id");
    }
}
