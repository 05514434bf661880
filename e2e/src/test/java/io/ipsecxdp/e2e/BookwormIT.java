package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.crds.SteeringReport;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** A kernel without the kfunc and without per-CPU SAs (Debian 12's 6.1): what it cannot do is said, the rest works. */
@OnCluster(kernel = KernelChoice.BOOKWORM)
@Order(ClusterExtension.OTHER_KERNELS)
class BookwormIT {

    @Test
    void theNodeSaysWhatItsKernelCannotDo(Cluster cluster) {
        IPsecNodeStatus status =
                cluster.client().resources(IPsecNode.class).withName("n1").get().getStatus();
        NodeCapabilities capabilities = status.capabilities();

        assertThat(status.conditions())
                .anyMatch(condition -> condition.type().equals(Condition.DEGRADED)
                        && condition.status() == Condition.Status.True
                        && condition.reason().equals(Reason.Unsupported.name()));
        assertThat(capabilities.esp()).isTrue();
        assertThat(capabilities.xfrmKfunc()).isFalse();
        assertThat(capabilities.perCpuSa()).isFalse();
        assertThat(capabilities.saDirection()).isFalse();
    }

    @Test
    void theXdpProgramHoldsOnDebian12(Cluster cluster) {
        ModuleTests.ofEveryKernel(cluster.lab().project(), cluster.lab().kernel())
                .assertAllHold();
    }

    @Test
    void aTunnelWithoutOwnersWorks(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "old", cluster.node(0), cluster.node(1), 0);
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
    void anSaWithAnOwnerIsInstalledWithoutIt(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "owners", cluster.node(0), cluster.node(1), 1);

        cluster.applyReady(tunnel.objects());

        assertThat(reports(cluster)
                        .flatMap(
                                status -> status.securityAssociations().stream().map(SaReport::message)))
                .anyMatch(message -> message.contains("without its owner CPU"));
        assertNothingIsLost(cluster);
    }

    @Test
    void withoutTheKfuncAHashSteersAndTheReportSaysSo(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "steered", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(tunnel.objects());

        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));

        assertThat(reports(cluster).flatMap(status -> status.steering().stream().map(SteeringReport::message)))
                .allMatch(message -> message.contains("a hash of the SPI"))
                .hasSize(2);
        assertNothingIsLost(cluster);
    }

    @Test
    void withoutOwnersInTheKernelAnSaIsSteeredToTheCpuThatItsDeclarationNames(Cluster cluster) {
        Kernel kernel = cluster.lab().kernel();
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "told", cluster.node(0), cluster.node(1), 1);
        cluster.applyReady(Stream.<CustomResource<?, ?>>concat(
                        tunnel.sas().stream().filter(sa -> sa.getSpec().source().cpu() != null),
                        tunnel.policies().stream())
                .toList());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
        cluster.warmUp();
        kernel.script("""
                cd /sys/kernel/tracing
                echo 'p:told/decrypted xfrm_replay_advance' >>kprobe_events
                echo 'hist:keys=common_cpu' >events/told/decrypted/trigger
                """);

        // A veth receives on the CPU that sends: CPU 1, and the owner is CPU 0
        Flow.Report report = Flow.counted(cluster.node(0), cluster.node(1), 5_302, 1, 1_000, 500)
                .run(cluster.lab().daemons());
        String byCpu = kernel.script("""
                cd /sys/kernel/tracing
                grep '^{' events/told/decrypted/hist
                echo '!hist:keys=common_cpu' >events/told/decrypted/trigger
                echo '-:told/decrypted' >>kprobe_events
                """);

        assertThat(report.lost()).isZero();
        assertThat(byCpu.replaceAll("\\s+", "").lines()).containsExactly("{common_cpu:0}hitcount:1000");
    }

    private static Stream<NodePlanStatus> reports(Cluster cluster) {
        return cluster.client().resources(NodePlan.class).list().getItems().stream()
                .map(NodePlan::getStatus);
    }

    private static void assertNothingIsLost(Cluster cluster) {
        cluster.warmUp();
        assertThat(Flow.counted(cluster.node(0), cluster.node(1), 5_301, 0, 1_000, 500)
                        .run(cluster.lab().daemons())
                        .lost())
                .isZero();
    }
}
