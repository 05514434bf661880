package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.SecurityAssociation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was received once is never taken a second time (RFC 4303, section 3.4.3), whatever becomes of the SA meanwhile. */
@OnCluster
class ReplayIT {
    private static final int PACKETS = 200;
    private static final int PER_SECOND = 500;
    private static final int PORT = 5_400;
    private static final String RECORDING = "/tmp/replay-it.pcap";

    private Cluster cluster;
    private SecurityAssociation sa;

    @BeforeEach
    void oneSaEachWay(Cluster given) {
        cluster = given;
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "replay", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        sa = tunnel.sas().stream()
                .filter(one ->
                        cluster.node(0).name().equals(one.getSpec().source().node()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatWasRecordedIsNotTakenByAnSaThatIsInstalledAgain() {
        record();
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            Decrypts.Tally before = decrypts.read();
            theInboundSaIsDeletedAndComesBack();

            assertThat(cluster.node(0)
                            .run(
                                    cluster.node(0).kernel().payload().traffic(),
                                    "replay",
                                    "--file",
                                    RECORDING,
                                    "--on",
                                    "eth0"))
                    .contains("\"sent\":" + PACKETS);

            assertThat(decrypts.read().since(before).packets(sa.getSpec().spi()))
                    .isZero();
            // It goes on with what is new
            allArrive();
            assertThat(decrypts.read().since(before).packets(sa.getSpec().spi()))
                    .isEqualTo(PACKETS);
        }
    }

    @Test
    void anSaBeyondItsFirst32BitsOfPacketsGoesOnAfterARepair() {
        allArrive();
        for (Node node : cluster.lab().nodes()) {
            node.run(
                    node.kernel().payload().traffic(),
                    "advance",
                    "--at",
                    address(1),
                    "--spi",
                    Long.toString(sa.getSpec().spi()));
        }
        allArrive();

        theInboundSaIsDeletedAndComesBack();

        assertThat(states()).contains("seq-hi 0x1");
        allArrive();
    }

    private void theInboundSaIsDeletedAndComesBack() {
        cluster.node(1)
                .run(
                        "ip",
                        "xfrm",
                        "state",
                        "delete",
                        "src",
                        address(0),
                        "dst",
                        address(1),
                        "proto",
                        "esp",
                        "spi",
                        Long.toString(sa.getSpec().spi()));
        Await.until(
                "the SA is back",
                Cluster.PATIENCE,
                cluster::tails,
                () -> states().contains("spi 0x%08x".formatted(sa.getSpec().spi())));
    }

    private void allArrive() {
        Flow.Report report = Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND)
                .run(cluster.lab().daemons());
        assertThat(report.lost()).as(report.toString()).isZero();
        assertThat(report.received()).isEqualTo(PACKETS);
    }

    /** Sends packets, and leaves their ESP on the sender as tcpdump recorded it. */
    private void record() {
        try (KernelProcess tcpdump = Recording.start(
                cluster,
                cluster.node(0),
                "record",
                RECORDING,
                "esp and dst " + address(1),
                "-c",
                Integer.toString(PACKETS))) {
            allArrive();
            tcpdump.daemon().awaitEnd(Cluster.PATIENCE);
        }
    }

    private String states() {
        return cluster.node(1).run("ip", "xfrm", "state", "list", "nokeys");
    }

    private String address(int node) {
        return cluster.node(node).facts().address(IpFamily.IPV4);
    }
}
