package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What somebody else removes from the kernel is put back, and nothing else is touched. */
@OnCluster
class DriftIT {
    /** Sequence numbers that are left out when a key goes on: {@code KeyLedger.MARGIN} of the agent. */
    private static final long MARGIN = 65_536;

    private Cluster cluster;
    private DeclaredTunnel tunnel;
    private List<NodeState> installed;

    @BeforeEach
    void steeredTunnel(Cluster given) {
        cluster = given;
        tunnel = DeclaredTunnel.make(cluster.keys(), "drift", cluster.node(0), cluster.node(1), 2);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));
        cluster.warmUp();
        installed = cluster.states();
    }

    @Test
    void anInboundSaThatIsDeletedComesBack() {
        delete(cluster.node(1), inbound());

        cluster.awaitStates(installed);
        assertTrafficFlows();
    }

    @Test
    void aPolicyThatIsDeletedComesBack() {
        NodeFacts n1 = cluster.node(0).facts();
        NodeFacts n2 = cluster.node(1).facts();
        cluster.node(1)
                .run(
                        "ip",
                        "xfrm",
                        "policy",
                        "delete",
                        "dir",
                        "in",
                        "src",
                        n1.pods().getFirst(),
                        "dst",
                        n2.pods().getFirst());

        cluster.awaitStates(installed);
        assertTrafficFlows();
    }

    @Test
    void policiesThatAreFlushedComeBack() {
        cluster.node(0).run("ip", "xfrm", "policy", "flush");

        cluster.awaitStates(installed);
        assertTrafficFlows();
    }

    @Test
    void theXdpProgramThatIsDetachedComesBack() {
        cluster.node(1)
                .script(
                        "link=$(find %s -name '*link*' | head -n 1); test -n \"$link\"; bpftool link detach pinned \"$link\""
                                .formatted(cluster.node(1).facts().bpffs()));

        cluster.awaitStates(installed);
        assertTrafficFlows();
    }

    /** The kernel tells how far it came ({@code xfrm_del_sa}); the margin is for what a driver may have in flight. */
    @Test
    void anOutboundSaThatIsDeletedGoesOnBehindItsLastSequenceNumber() {
        SecurityAssociation sa = inbound();
        long before = sequence(cluster.node(0), sa);
        delete(cluster.node(0), sa);

        Await.until("the SA is back", Cluster.PATIENCE, cluster::tails, () -> has(cluster.node(0), sa));
        assertThat(sequence(cluster.node(0), sa)).isGreaterThanOrEqualTo(before + MARGIN);
        assertTrafficFlows();
        assertThat(isAtRisk(sa)).isFalse();
    }

    /** A flush tells of no SA how far it came. */
    @Test
    void anSaThatIsFlushedIsAtRiskAndNotInstalledAgain() {
        SecurityAssociation sa = inbound();
        cluster.node(0).run("ip", "xfrm", "state", "flush");

        cluster.await(
                sa,
                "at risk",
                condition -> condition.status() == Condition.Status.False
                        && condition.reason().equals(Reason.NonceAtRisk.name()));
        assertThat(has(cluster.node(0), sa)).isFalse();
        SecurityAssociation back = tunnel.sa(cluster.node(1), 0);
        cluster.await(
                back,
                "at risk of a replay",
                condition -> condition.status() == Condition.Status.False
                        && condition.reason().equals(Reason.ReplayAtRisk.name()));
        assertThat(has(cluster.node(0), back)).isFalse();
    }

    @Test
    void aKeyIsNotUsedAgainByADeclarationThatIsMadeAgain() {
        SecurityAssociation sa = inbound();
        cluster.client().resource(sa).delete();
        Await.until("the SA is gone", Cluster.PATIENCE, cluster::tails, () -> !has(cluster.node(0), sa));
        cluster.apply(List.of(sa));

        // The receiver comes first, so the sender is not even asked
        cluster.await(
                sa,
                "at risk",
                condition -> condition.status() == Condition.Status.False
                        && condition.reason().equals(Reason.ReplayAtRisk.name()));
        assertThat(has(cluster.node(0), sa)).isFalse();
    }

    /** The SA that CPU 0 of n1 sends with: outbound there, inbound at n2. */
    private SecurityAssociation inbound() {
        return tunnel.sa(cluster.node(0), 0);
    }

    private boolean isAtRisk(SecurityAssociation sa) {
        return cluster.ready(sa)
                .filter(condition -> condition.reason().equals(Reason.NonceAtRisk.name()))
                .isPresent();
    }

    private void delete(Node node, SecurityAssociation sa) {
        node.run(
                "ip",
                "xfrm",
                "state",
                "delete",
                "src",
                cluster.node(0).facts().address(IpFamily.IPV4),
                "dst",
                cluster.node(1).facts().address(IpFamily.IPV4),
                "proto",
                "esp",
                "spi",
                Long.toString(sa.getSpec().spi()));
    }

    private static boolean has(Node node, SecurityAssociation sa) {
        return node.run("ip", "xfrm", "state", "list", "nokeys")
                .contains("spi 0x%08x".formatted(sa.getSpec().spi()));
    }

    /** The last sequence number sent: low 32 bits, of ESN. */
    private static long sequence(Node node, SecurityAssociation sa) {
        String text = node.script(
                "ip xfrm state list nokeys | grep -A 6 'spi 0x%08x' | sed -nE 's/.*oseq 0x([0-9a-f]+).*/\\1/p' | head -n 1"
                        .formatted(sa.getSpec().spi()));
        return Long.parseLong(text.strip(), 16);
    }

    private void assertTrafficFlows() {
        Flow.Report report = Flow.counted(cluster.node(0), cluster.node(1), 5_200, 0, 500, 500)
                .run(cluster.lab().daemons());
        assertThat(report.lost()).isZero();
    }
}
