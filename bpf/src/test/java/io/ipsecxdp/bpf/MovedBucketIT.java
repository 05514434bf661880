package io.ipsecxdp.bpf;

import static io.ipsecxdp.bpf.Frames.DESTINATION4;
import static io.ipsecxdp.bpf.Frames.SOURCE4;
import static io.ipsecxdp.bpf.Frames.esp4;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.linux.NetDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to the order of an SA's packets when its bucket moves from a CPU that is behind to one that is not. */
@KernelTest
@Timeout(120)
class MovedBucketIT {
    private static final int HOT_CPU = 1;
    private static final int IDLE_CPU = 0;
    private static final int SPI = 0x2B0000A0;
    private static final int SEQUENCE_NUMBER = 14 + 20 + 4;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int QUEUE_SIZE = 2048;
    private static final int WAITING = 2000;
    private static final int FOLLOWING = 1500;

    /** Of SAs, by default; larger than what may wait and what follows meanwhile. */
    private static final int REPLAY_WINDOW = 4096;

    private static final int SMALL_REPLAY_WINDOW = 32;

    private static final SteeringConfig CONFIG = SteeringConfig.of(Set.of(HOT_CPU, IDLE_CPU), QUEUE_SIZE);

    private final BpfFolder bpffs = BpfFolder.mount();
    private final Namespace node = Namespace.make();
    private final Namespace peer = Namespace.make();
    private BpfObject order;
    private Fd witness;
    private SteeredInterface steering;

    @BeforeEach
    void steer() {
        node.veth("wire", peer, "wire");
        NetDevice wire = node.device("wire");
        order = BpfObject.open("order", Compiled.test("order"));
        order.load();
        witness = node.call(() -> Sys.attachIngress(order.program("order"), wire.index()));
        node.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, SPI, OptionalInt.empty()));
        peer.run(() -> Sys.runOn(IDLE_CPU));
        var opened =
                node.call(() -> new Steerings(bpffs.path(), Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()))
                        .open(wire, WantedXdpMode.NATIVE, bucketOn(HOT_CPU)));
        steering = ((OpenResult.Opened) opened).steering();
    }

    @AfterEach
    void remove() {
        steering.close();
        witness.close();
        order.close();
        node.close();
        peer.close();
        bpffs.close();
    }

    @Test
    void onlyWhatWaitedIsOvertakenAndTheReplayWindowHoldsIt() {
        slow(HOT_CPU + 1);
        send(0, WAITING);
        assertThat(steering.apply(bucketOn(IDLE_CPU))).isEmpty();
        send(WAITING, FOLLOWING);
        awaitArrival(WAITING, FOLLOWING);
        slow(0);
        awaitArrival(0, WAITING);
        List<Integer> arrivals = arrivals();

        assertThat(arrivals).hasSize(WAITING + FOLLOWING);
        assertThat(overtaken(arrivals)).isPositive().isLessThanOrEqualTo(WAITING);
        assertThat(refused(arrivals, SMALL_REPLAY_WINDOW)).isPositive();
        assertThat(refused(arrivals, QUEUE_SIZE)).isPositive();
        assertThat(refused(arrivals, REPLAY_WINDOW)).isZero();
    }

    @Test
    void withoutAMoveNothingIsOvertakenHoweverFarBehindTheCpuIs() {
        slow(HOT_CPU + 1);
        send(0, WAITING);
        slow(0);
        awaitArrival(0, WAITING);

        assertThat(overtaken(arrivals())).isZero();
    }

    /** @param cpu plus 1; 0 for none */
    private void slow(int cpu) {
        Bpf.update(order.map("slow"), 0, SteerMaps.int32(cpu));
    }

    private static SteeringConfig bucketOn(int cpu) {
        return CONFIG.withMovedBuckets(Map.of(HashCpus.bucketOf(SPI), cpu));
    }

    private void send(int first, int count) {
        byte[] frame = esp4(SPI);
        peer.run(() -> {
            try (var socket =
                    new Sys.PacketSocket(NetDevice.find("wire").orElseThrow().index())) {
                for (int number = first; number < first + count; number++) {
                    ByteBuffer.wrap(frame).putInt(SEQUENCE_NUMBER, number);
                    socket.send(frame);
                }
            }
        });
    }

    /** Time of arrival in ns; 0 if it did not. */
    private long arrivedAt(int number) {
        return SteerMaps.nativeOrder(
                        Bpf.lookup(order.map("arrived_at"), number, Long.BYTES).orElseThrow())
                .getLong();
    }

    private void awaitArrival(int first, int count) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (IntStream.range(first, first + count).anyMatch(number -> arrivedAt(number) == 0)) {
            assertThat(System.nanoTime())
                    .as("frames %d to %d arrive", first, first + count - 1)
                    .isLessThan(deadline);
        }
    }

    /** The numbers of all frames that arrived, in the order in which they did. */
    private List<Integer> arrivals() {
        record Arrival(int number, long time) {}
        return IntStream.range(0, WAITING + FOLLOWING)
                .mapToObj(number -> new Arrival(number, arrivedAt(number)))
                .filter(arrival -> arrival.time() > 0)
                .sorted(Comparator.comparing(Arrival::time))
                .map(Arrival::number)
                .toList();
    }

    private static long overtaken(List<Integer> arrivals) {
        int highest = -1;
        long overtaken = 0;
        for (int number : arrivals) {
            if (number < highest) {
                overtaken++;
            }
            highest = Math.max(highest, number);
        }
        return overtaken;
    }

    /** What an SA with this replay window would refuse (RFC 4303, section 3.4.3). */
    private static long refused(List<Integer> arrivals, int window) {
        int highest = -1;
        long refused = 0;
        for (int number : arrivals) {
            if (highest - number >= window) {
                refused++;
            }
            highest = Math.max(highest, number);
        }
        return refused;
    }
}
