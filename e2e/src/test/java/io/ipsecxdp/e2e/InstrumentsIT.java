package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the tests measure with tells the truth: tried on SAs of `ip xfrm`, without the product. */
@OnCluster
class InstrumentsIT {
    private static final long PACKETS = 2_000;
    private static final int PER_SECOND = 1_000;
    private static final int PORT = 6_000;

    private Lab lab;
    private Node n1;
    private Node n2;
    private ForeignTunnel tunnel;

    @BeforeEach
    void tunnel(Cluster cluster) {
        lab = cluster.lab();
        n1 = lab.node(0);
        n2 = lab.node(1);
        tunnel = new ForeignTunnel(n1, n2);
        tunnel.addSa(0x1000, OptionalInt.of(0), OptionalInt.of(1));
        tunnel.addSa(0x1001, OptionalInt.of(1), OptionalInt.of(0));
        tunnel.addSa(0x1002, OptionalInt.empty(), OptionalInt.empty());
        tunnel.addPolicies();
        n1.run(
                "ping",
                "-c",
                "1",
                "-I",
                n1.facts().podAddress(IpFamily.IPV4),
                n2.facts().address(IpFamily.IPV4));
    }

    @AfterEach
    void noTunnel() {
        tunnel.flush();
    }

    @Test
    void aVethReceivesOnTheCpuThatSends() {
        try (Decrypts decrypts = Decrypts.of(lab.kernel())) {
            var before = decrypts.read();
            Flow.Report report =
                    Flow.counted(n1, n2, PORT, 1, PACKETS, PER_SECOND).run(lab.daemons());
            var tally = decrypts.read().since(before);

            assertThat(report.lost()).isZero();
            assertThat(tally.packets(0x1001, 1)).isEqualTo(PACKETS);
            assertThat(tally.packets(0x1001)).isEqualTo(PACKETS);
            assertThat(tally.packets(0x1000)).isZero();
        }
    }

    @Test
    void packetsThatNoSaDecryptsAreLost() throws InterruptedException {
        try (Flow.Running flow = Flow.endless(n1, n2, PORT, PER_SECOND).start(lab.daemons())) {
            Thread.sleep(1_000);
            n2.run("ip", "xfrm", "state", "flush");
            Thread.sleep(1_000);
            Flow.Report report = flow.end();

            assertThat(report.received()).isPositive();
            assertThat(report.lost()).isGreaterThan(PER_SECOND / 2);
            assertThat(report.received() + report.lost()).isEqualTo(report.sent());
        }
    }

    @Test
    void theWireShowsWhatIsNotProtected() {
        tunnel.flush();
        try (Wire plain = Wire.count(lab.daemons(), lab.nodes(), "plain", "ip and not esp")) {
            Flow.counted(n1, n2, PORT, 0, PACKETS, PER_SECOND).run(lab.daemons());

            assertThat(plain.stop()).isEqualTo(PACKETS);
        }
    }

    @Test
    void theStateOfANodeNamesWhatWasMade() {
        NodeState with = NodeState.of(n2);
        tunnel.flush();
        NodeState without = NodeState.of(n2);

        assertThat(with.sad()).contains("spi 0x00001000", "pcpu-num 1", "Keys hidden");
        assertThat(with.spd()).contains("dir in");
        assertThat(without.sad()).isEmpty();
        assertThat(without.spd()).isEmpty();
    }
}
