package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From `kubectl apply` to an ESP packet on the CPU that owns its SA. */
@OnCluster
class TunnelIT {
    private static final int CPUS = 2;
    private static final long PACKETS = 2_000;
    private static final int PER_SECOND = 1_000;
    private static final int PORT = 5_000;

    @Test
    void steeringBringsEachPacketToTheCpuThatOwnsItsSa(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "owner", cluster.node(0), cluster.node(1), CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            Load.Report plain = load(cluster).run(decrypts, tunnel.sas());
            cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
            Load.Report steered = load(cluster).run(decrypts, tunnel.sas());

            assertThat(plain.onOwner()).isLessThan(plain.sent() / 2);
            assertThat(steered.onOwner()).isEqualTo(steered.sent());
            assertIntact(plain);
            assertIntact(steered);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Native", "Generic"})
    void eachModeOfXdpSteers(XdpMode mode, Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(
                cluster.keys(), mode.name().toLowerCase(java.util.Locale.ROOT), cluster.node(0), cluster.node(1), CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        cluster.applyReady(List.of(Steering.on("eth0", mode)));
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            Load.Report report = load(cluster).run(decrypts, tunnel.sas());

            assertThat(report.onOwner()).isEqualTo(report.sent());
            assertIntact(report);
        }
        assertThat(cluster.node(1).run("ip", "link", "show", "eth0"))
                .contains(mode == XdpMode.Native ? " xdp " : " xdpgeneric ");
    }

    @Test
    void aChangeOfTheSteeringPolicyLosesNoPacket(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "change", cluster.node(0), cluster.node(1), CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT, 500)
                .start(cluster.lab().daemons())) {
            SteeringPolicy shorter = Steering.on("eth0", XdpMode.Native, 512);
            cluster.applyReady(List.of(shorter));
            cluster.client().resource(shorter).delete();
            cluster.awaitSteering("");
            Flow.Report report = flow.end();

            assertThat(report.lost()).isZero();
            assertThat(report.sent()).isPositive();
        }
    }

    @Test
    void aTunnelCarriesIPv6(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(
                cluster.keys(), "six", cluster.node(0), cluster.node(1), IpFamily.IPV6, SaMode.Tunnel, CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
        assertProtected(
                cluster,
                tunnel,
                Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND)
                        .over(IpFamily.IPV6),
                "ip6 and udp");
    }

    @Test
    void transportModeProtectsWhatTheNodesThemselvesSend(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(
                cluster.keys(), "transport", cluster.node(0), cluster.node(1), IpFamily.IPV4, SaMode.Transport, CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
        assertProtected(
                cluster,
                tunnel,
                Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND)
                        .betweenNodes(),
                "ip and udp");
    }

    @Test
    void anSaOfAnIkeDaemonIsSteeredAndNotTouched(Cluster cluster) {
        var foreign = new ForeignTunnel(cluster.node(0), cluster.node(1));
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            foreign.addSa(0x2000, java.util.OptionalInt.of(0), java.util.OptionalInt.of(1));
            foreign.addSa(0x2001, java.util.OptionalInt.empty(), java.util.OptionalInt.empty());
            foreign.addPolicies();
            List<NodeState> before = cluster.states();
            cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
            cluster.warmUp();
            Decrypts.Tally earlier = decrypts.read();
            Flow.Report report = Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND)
                    .run(cluster.lab().daemons());

            assertThat(report.lost()).isZero();
            assertThat(decrypts.read().since(earlier).packets(0x2000, 1)).isEqualTo(PACKETS);
            assertThat(cluster.states())
                    .extracting(NodeState::sad)
                    .isEqualTo(before.stream().map(NodeState::sad).toList());
            assertThat(cluster.states())
                    .extracting(NodeState::spd)
                    .isEqualTo(before.stream().map(NodeState::spd).toList());
        } finally {
            foreign.flush();
        }
    }

    @Test
    void whatIsDeletedLeavesNothingOnTheNodes(Cluster cluster) {
        List<NodeState> before = cluster.states();
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "gone", cluster.node(0), cluster.node(1), CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
        assertThat(cluster.states()).isNotEqualTo(before);
        cluster.deleteDeclared();

        assertThat(cluster.states()).isEqualTo(before);
    }

    private static void assertProtected(Cluster cluster, DeclaredTunnel tunnel, Flow flow, String plainFilter) {
        cluster.warmUp();
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel());
                Wire plain = Wire.count(cluster.lab().daemons(), cluster.lab().nodes(), "plain", plainFilter)) {
            Decrypts.Tally before = decrypts.read();
            Flow.Report report = flow.run(cluster.lab().daemons());

            long spi = tunnel.sa(cluster.node(0), 0).getSpec().spi();
            assertThat(report.lost()).isZero();
            assertThat(plain.stop()).isZero();
            assertThat(decrypts.read().since(before).packets(spi, 1)).isEqualTo(PACKETS);
        }
    }

    private static void assertIntact(Load.Report report) {
        assertThat(report.lost()).isZero();
        assertThat(report.duplicates()).isZero();
        assertThat(report.decrypted()).isEqualTo(report.sent());
        assertThat(report.esp()).isEqualTo(report.sent());
        assertThat(report.plain()).isZero();
    }

    private static Load load(Cluster cluster) {
        return new Load(cluster.lab().daemons(), cluster.node(0), cluster.node(1), CPUS, PACKETS, PER_SECOND);
    }
}
