package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.SecurityAssociation;
import java.util.List;
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
            Await.until("the SA is back", Cluster.PATIENCE, cluster::tails, this::isThere);

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
            Flow.Report fresh = Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND)
                    .run(cluster.lab().daemons());
            assertThat(fresh.lost()).as(fresh.toString()).isZero();
            assertThat(decrypts.read().since(before).packets(sa.getSpec().spi()))
                    .isEqualTo(PACKETS);
        }
    }

    /** Sends packets, and leaves their ESP on the sender as tcpdump recorded it. */
    private void record() {
        try (KernelProcess tcpdump = KernelProcess.start(
                cluster.lab().daemons(),
                "tcpdump-record",
                cluster.node(0),
                List.of(
                        "tcpdump",
                        "-i",
                        "eth0",
                        "-n",
                        "-U",
                        "-c",
                        Integer.toString(PACKETS),
                        "-w",
                        RECORDING,
                        "esp and dst " + address(1)))) {
            tcpdump.daemon().awaitText("listening on", Cluster.PATIENCE);
            Flow.Report sent = Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND)
                    .run(cluster.lab().daemons());
            assertThat(sent.lost()).as(sent.toString()).isZero();
            tcpdump.daemon().awaitEnd(Cluster.PATIENCE);
        }
    }

    private boolean isThere() {
        return cluster.node(1)
                .run("ip", "xfrm", "state", "list", "nokeys")
                .contains("spi 0x%08x".formatted(sa.getSpec().spi()));
    }

    private String address(int node) {
        return cluster.node(node).facts().address(IpFamily.IPV4);
    }
}
