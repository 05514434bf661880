package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.XdpMode;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The neighbour: strongSwan with per-CPU SAs. Its SAs are steered, and neither they nor its policies are ever touched. */
@OnCluster
class StrongswanIT {
    private static final int CPUS = 2;
    private static final long PACKETS = 3_000;
    private static final int PER_SECOND = 500;
    private static final int PORT = 5_600;
    private static final int REKEYS = 5;
    private static final Duration BETWEEN_REKEYS = Duration.ofSeconds(3);

    private Cluster cluster;
    private Charon first;
    private Charon second;

    @BeforeEach
    void twoDaemons(Cluster given) {
        cluster = given;
        cluster.warmUp();
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        String text = HexFormat.of().formatHex(secret);
        first = Charon.start(cluster.lab().daemons(), cluster.node(0), cluster.node(1), text);
        second = Charon.start(cluster.lab().daemons(), cluster.node(1), cluster.node(0), text);
        Await.until(
                "each CPU of the sender has its SA",
                Cluster.PATIENCE,
                () -> cluster.node(1).run("ip", "xfrm", "state", "list", "nokeys"),
                () -> {
                    for (int cpu = 0; cpu < CPUS; cpu++) {
                        flow(cpu, 10).run(cluster.lab().daemons()); // an ACQUIRE, where the CPU has none yet
                    }
                    return Set.copyOf(owners().values()).size() == CPUS;
                });
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
    }

    @Test
    void itsSasAreSteeredToTheirOwners() {
        try (OneQueue queue = OneQueue.at(cluster.node(1), cluster.node(0), 1);
                Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            // The daemon of the receiver says which of its CPUs owns which SA: one of the two is where all packets
            // arrive.
            assertThat(onOwner(decrypts, 0) + onOwner(decrypts, 1)).isEqualTo(PACKETS);

            cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));
            queue.arriveOn(1);

            assertThat(onOwner(decrypts, 0)).isEqualTo(PACKETS);
            assertThat(onOwner(decrypts, 1)).isEqualTo(PACKETS);
            cluster.deleteDeclared();
        }
    }

    @Test
    void itsRekeysLoseNothingWhileItIsSteered() {
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT + CPUS, PER_SECOND)
                .start(cluster.lab().daemons())) {
            for (int rekey = 0; rekey < REKEYS; rekey++) {
                first.swanctl("--rekey", "--child", "pods");
                Await.pause(BETWEEN_REKEYS);
            }
            Flow.Report report = flow.end();
            assertThat(report.lost()).as(report.toString()).isZero();
            assertThat(report.duplicates()).isZero();
            assertThat(report.sent()).isGreaterThan(PER_SECOND * REKEYS);
        }
    }

    @Test
    void whatIsItsIsNotTouchedByUs() {
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));
        String before = itsEntries();

        cluster.agent(1).terminate();
        cluster.agent(1).startAgain();
        cluster.agent(1).awaitReady();
        cluster.deleteDeclared();

        assertThat(itsEntries()).isEqualTo(before).isNotBlank();
    }

    private Flow flow(int cpu, long packets) {
        return Flow.counted(cluster.node(0), cluster.node(1), PORT + cpu, cpu, packets, PER_SECOND);
    }

    /** Of packets that a CPU of the first node sends, those that the owner of their SA decrypted. None may be lost. */
    private long onOwner(Decrypts decrypts, int cpu) {
        Map<Long, Integer> owners = owners();
        Decrypts.Tally before = decrypts.read();
        Flow.Report report = flow(cpu, PACKETS).run(cluster.lab().daemons());
        Decrypts.Tally tally = decrypts.read().since(before);
        assertThat(report.lost()).as(report.toString()).isZero();
        long all = owners.keySet().stream().mapToLong(tally::packets).sum();
        assertThat(all).isEqualTo(PACKETS);
        return owners.entrySet().stream()
                .mapToLong(sa -> tally.packets(sa.getKey(), sa.getValue()))
                .sum();
    }

    /** The owner CPU of each SA that the second node receives with and that has one, by SPI. */
    private Map<Long, Integer> owners() {
        Map<Long, Integer> owners = new TreeMap<>();
        ReceivingSas.owners(cluster.node(1), cluster.node(1).facts().address(IpFamily.IPV4))
                .forEach((spi, owner) -> owner.ifPresent(cpu -> owners.put(spi, cpu)));
        return owners;
    }

    private String itsEntries() {
        return cluster.states().stream().map(state -> state.sad() + state.spd()).reduce("", String::concat);
    }
}
