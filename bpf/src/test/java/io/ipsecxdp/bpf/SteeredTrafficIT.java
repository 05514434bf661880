package io.ipsecxdp.bpf;

import static io.ipsecxdp.bpf.Frames.DESTINATION4;
import static io.ipsecxdp.bpf.Frames.SOURCE4;
import static io.ipsecxdp.bpf.Frames.esp4;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.linux.NetDevice;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Frames over a veth into a steered interface: on which CPU does the stack get them, and does it get all? */
@KernelTest
@Timeout(120)
class SteeredTrafficIT {
    /** A veth receives on the CPU that sends; everything is sent from this one. */
    private static final int RECEIVING_CPU = 0;

    private static final int OWNED_BY_0 = 0x5A000010;
    private static final int OWNED_BY_1 = 0x13370011;
    private static final int UNKNOWN = 0x77000012;
    private static final int FIRST_UNOWNED = 0x2B0000A0;
    private static final int UNOWNED = 32;

    private static final SteeringConfig BOTH_CPUS = SteeringConfig.of(Set.of(0, 1), 2048);
    private static final SteeringConfig ONLY_CPU_0 = SteeringConfig.of(Set.of(0), 2048);
    private static final SteeringConfig ONLY_CPU_1 = SteeringConfig.of(Set.of(1), 1024);

    private final BpfFolder bpffs = BpfFolder.mount();
    private final Namespace node = Namespace.make();
    private final Namespace peer = Namespace.make();
    private final Steerings steerings =
            new Steerings(bpffs.path(), Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()));
    private NetDevice wire;
    private Witness witness;
    private Sender sender;

    @BeforeEach
    void connect() {
        node.veth("wire", peer, "wire");
        wire = node.device("wire");
        witness = node.call(() -> Witness.on(wire));
        sender = new Sender(peer, "wire", witness);
        node.run(() -> {
            LarvalSa.make(SOURCE4, DESTINATION4, OWNED_BY_0, OptionalInt.of(0));
            LarvalSa.make(SOURCE4, DESTINATION4, OWNED_BY_1, OptionalInt.of(1));
            unowned().forEach(spi -> LarvalSa.make(SOURCE4, DESTINATION4, spi, OptionalInt.empty()));
        });
        peer.run(() -> Sys.runOn(RECEIVING_CPU));
    }

    @AfterEach
    void remove() {
        witness.close();
        node.close();
        peer.close();
        bpffs.close();
    }

    @Test
    void withoutSteeringEveryFrameStaysOnTheCpuThatReceivesIt() {
        send(2_000, OWNED_BY_0, OWNED_BY_1);

        assertThat(witness.arrived(OWNED_BY_0)).isEqualTo(Map.of(RECEIVING_CPU, 1_000L));
        assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(RECEIVING_CPU, 1_000L));
    }

    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "GENERIC"})
    void everyFrameGetsToTheCpuThatOwnsItsSa(WantedXdpMode mode) {
        try (var steering = open(mode, BOTH_CPUS)) {
            send(4_000, OWNED_BY_0, OWNED_BY_1);

            assertThat(witness.arrived(OWNED_BY_0)).isEqualTo(Map.of(0, 2_000L));
            assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(1, 2_000L));
            assertThat(steering.counters().of(Outcome.OWNER).packets()).isEqualTo(4_000);
            assertThat(steering.counters().perCpu(Outcome.OWNER).get(RECEIVING_CPU))
                    .isEqualTo(new Count(4_000, 4_000L * esp4(OWNED_BY_0).length));
        }
    }

    @Test
    void framesOfAnSaWithoutOwnerAllGetToTheCpuThatTheHashNames() {
        try (var steering = open(WantedXdpMode.AUTO, BOTH_CPUS)) {
            int each = 50;
            send(UNOWNED * each, unowned().toArray());

            var table = HashCpus.over(BOTH_CPUS.cpus());
            unowned().forEach(spi -> assertThat(witness.arrived(spi)).isEqualTo(Map.of(table.cpuOf(spi), (long) each)));
            assertThat(unowned().map(table::cpuOf).distinct().count()).isEqualTo(2);
            assertThat(steering.counters().of(Outcome.HASHED_NO_OWNER).packets())
                    .isEqualTo(UNOWNED * each);
        }
    }

    /** As {@code ip netns list-id} shows it: the number by which the interface's namespace knows the other. */
    @Test
    void ownersAreLookedUpInTheNamespaceThatThePolicyNames() {
        try (var sad = Namespace.make()) {
            node.ip("netns", "set", sad.name(), "7");
            int elsewhere = 0x5A000021;
            sad.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, elsewhere, OptionalInt.of(1)));
            sad.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, OWNED_BY_0, OptionalInt.of(1)));
            try (var steering = open(WantedXdpMode.AUTO, BOTH_CPUS)) {
                send(100, elsewhere, OWNED_BY_0);
                assertThat(steering.counters().of(Outcome.SA_UNKNOWN).packets()).isEqualTo(50);
                assertThat(witness.arrived(OWNED_BY_0)).isEqualTo(Map.of(0, 50L));

                assertThat(steering.apply(BOTH_CPUS.withNetnsId(OptionalInt.of(7))))
                        .isEmpty();
                send(200, elsewhere, OWNED_BY_1);

                assertThat(witness.arrived(elsewhere)).isEqualTo(Map.of(RECEIVING_CPU, 50L, 1, 100L));
                assertThat(steering.counters().of(Outcome.OWNER).packets()).isEqualTo(50 + 100);
                assertThat(steering.counters().of(Outcome.SA_UNKNOWN).packets()).isEqualTo(50 + 100);
                send(100, OWNED_BY_0);
                assertThat(witness.arrived(OWNED_BY_0)).isEqualTo(Map.of(0, 50L, 1, 100L));
            }
        }
    }

    @Test
    void framesThatCannotBeSteeredAreReceivedWhereTheyAre() {
        try (var steering = open(WantedXdpMode.AUTO, ONLY_CPU_0)) {
            send(1_000, UNKNOWN, OWNED_BY_1);

            assertThat(witness.arrived(UNKNOWN)).isEqualTo(Map.of(RECEIVING_CPU, 500L));
            assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(RECEIVING_CPU, 500L));
            assertThat(steering.counters().of(Outcome.SA_UNKNOWN).packets()).isEqualTo(500);
            assertThat(steering.counters().of(Outcome.OWNER_OUTSIDE_POLICY).packets())
                    .isEqualTo(500);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "GENERIC"})
    void whatBecameOfFramesBehindTheProgramIsCountedByTheirCpu(WantedXdpMode mode) {
        try (var steering = open(mode, BOTH_CPUS)) {
            assertThat(steering.queues()).containsOnly(QueueCount.ZERO);
            send(300, OWNED_BY_0, OWNED_BY_1, OWNED_BY_1);

            assertThat(queueAfter(steering, 0, 100)).isEqualTo(new QueueCount(100, 0, 0, 0));
            assertThat(queueAfter(steering, 1, 200)).isEqualTo(new QueueCount(200, 0, 0, 0));
        }
        try (var adopted = open(mode, BOTH_CPUS)) {
            send(10, OWNED_BY_1);
            assertThat(queueAfter(adopted, 1, 210).enqueued()).isEqualTo(210);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "GENERIC"})
    void framesThatAFullQueueDropsAreCountedAndNoOthers(WantedXdpMode mode) {
        var narrow = SteeringConfig.of(Set.of(0, 1), 1);
        try (var steering = open(mode, narrow)) {
            var frame = esp4(OWNED_BY_0);
            int sent = 20_000;
            peer.run(() -> {
                try (var socket = new Sys.PacketSocket(
                        NetDevice.find("wire").orElseThrow().index())) {
                    IntStream.range(0, sent).forEach(i -> socket.send(frame));
                }
            });
            var queue = queueAfter(steering, 0, sent);
            witness.await(queue.enqueued());

            assertThat(queue.dropped()).isPositive();
            assertThat(queue.enqueued() + queue.dropped()).isEqualTo(sent);
            assertThat(queue.redirectErrors()).isZero();
            assertThat(witness.total()).isEqualTo(queue.enqueued());
            assertThat(steering.counters().of(Outcome.OWNER).packets()).isEqualTo(sent);
        }
    }

    @Test
    void withoutTheKernelsLookupTheMirrorTellsOwnersAndUnknownSpis() {
        var blind = new Steerings(
                bpffs.path(), new Capabilities(false, false, false, true), Dispatchers.leftAlone(bpffs.path()));
        var opened = (OpenResult.Opened) node.call(
                () -> blind.open(wire, WantedXdpMode.AUTO, BOTH_CPUS.withUnknownSpi(UnknownSpiHandling.DROP)));
        try (var steering = opened.steering()) {
            send(10, UNKNOWN);
            assertThat(steering.counters().of(Outcome.HASHED_NO_LOOKUP).packets())
                    .isEqualTo(10);

            var mirror = blind.mirror();
            var owned = new KnownSa(DESTINATION4, OWNED_BY_1, Frames.ESP, OptionalInt.of(1));
            var unowned = new KnownSa(DESTINATION4, FIRST_UNOWNED, Frames.ESP, OptionalInt.empty());
            mirror.replace(Set.of(owned, unowned));
            send(30, OWNED_BY_1, FIRST_UNOWNED, OWNED_BY_0);
            assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(1, 10L));
            assertThat(steering.counters().of(Outcome.OWNER_TOLD).packets()).isEqualTo(10);
            assertThat(steering.counters().of(Outcome.HASHED_NO_LOOKUP).packets())
                    .isEqualTo(20);
            assertThat(steering.counters().of(Outcome.SA_UNKNOWN).packets()).isEqualTo(10);
            assertThat(steering.unknownTalkers())
                    .singleElement()
                    .satisfies(talker -> assertThat(talker.packets()).isEqualTo(10));

            blind.mirror().replace(Set.of(unowned));
            send(10, OWNED_BY_1);
            assertThat(steering.counters().of(Outcome.SA_UNKNOWN).packets()).isEqualTo(20);
            mirror.change(List.of(), List.of(unowned));
            send(10, FIRST_UNOWNED);
            assertThat(steering.counters().of(Outcome.SA_UNKNOWN).packets()).isEqualTo(30);
        }
    }

    @Test
    void anOwnerThatTheAgentNamesIsFollowedWhereTheKernelNamesNone() {
        try (var steering = open(WantedXdpMode.AUTO, BOTH_CPUS)) {
            var table = HashCpus.over(BOTH_CPUS.cpus());
            int other = 1 - table.cpuOf(FIRST_UNOWNED);
            steerings
                    .mirror()
                    .replace(Set.of(
                            new KnownSa(DESTINATION4, FIRST_UNOWNED, Frames.ESP, OptionalInt.of(other)),
                            new KnownSa(DESTINATION4, OWNED_BY_0, Frames.ESP, OptionalInt.of(1))));
            send(30, FIRST_UNOWNED, FIRST_UNOWNED + 1, OWNED_BY_0);

            assertThat(witness.arrived(FIRST_UNOWNED)).isEqualTo(Map.of(other, 10L));
            assertThat(witness.arrived(FIRST_UNOWNED + 1)).isEqualTo(Map.of(table.cpuOf(FIRST_UNOWNED + 1), 10L));
            assertThat(witness.arrived(OWNED_BY_0)).isEqualTo(Map.of(0, 10L));
            assertThat(steering.counters().of(Outcome.OWNER_TOLD).packets()).isEqualTo(10);
        }
    }

    @Test
    void noFrameIsLostWhileThePolicyChanges() {
        var policies = List.of(ONLY_CPU_0, ONLY_CPU_1, BOTH_CPUS);
        try (var steering = open(WantedXdpMode.AUTO, BOTH_CPUS)) {
            long sent = sendDuring(
                    () -> IntStream.range(0, 300)
                            .forEach(i -> assertThat(steering.apply(policies.get(i % policies.size())))
                                    .isEmpty()),
                    OWNED_BY_0,
                    OWNED_BY_1,
                    FIRST_UNOWNED);

            assertThat(witness.total()).isEqualTo(sent).isGreaterThan(1_000);
            assertThat(Totals.of(steering.counters()).packets()).isEqualTo(sent);
        }
    }

    @Test
    void noFrameMissesTheProgramWhileAgentsReplaceEachOther() {
        open(WantedXdpMode.AUTO, BOTH_CPUS).close();
        long sent = sendDuring(
                () -> IntStream.range(0, 20)
                        .forEach(i -> open(WantedXdpMode.AUTO, BOTH_CPUS).close()),
                OWNED_BY_1);

        assertThat(sent).isGreaterThan(1_000);
        assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(1, sent));
        try (var last = open(WantedXdpMode.AUTO, BOTH_CPUS)) {
            assertThat(last.counters().of(Outcome.OWNER).packets()).isEqualTo(sent);
        }
    }

    /** In generic mode: in native mode a driver may reset its rings when a program comes or goes, and lose what is in them. */
    @Test
    void noFrameIsLostWhenSteeringBeginsAndEnds() {
        long sent = sendDuring(
                () -> IntStream.range(0, 5)
                        .forEach(i -> open(WantedXdpMode.GENERIC, BOTH_CPUS).detach()),
                OWNED_BY_0,
                OWNED_BY_1);

        assertThat(witness.total()).isEqualTo(sent).isGreaterThan(1_000);
    }

    /** The kernel tells of a frame only after its CPU may have taken it already. */
    private static QueueCount queueAfter(SteeredInterface steering, int cpu, long frames) {
        Eventually.holds("%d frames come to the queue of CPU %d".formatted(frames, cpu), () -> {
            var queue = steering.queues().get(cpu);
            return queue.enqueued() + queue.dropped() >= frames;
        });
        return steering.queues().get(cpu);
    }

    private SteeredInterface open(WantedXdpMode mode, SteeringConfig config) {
        var result = node.call(() -> steerings.open(wire, mode, config));
        assertThat(result).isInstanceOf(OpenResult.Opened.class);
        return ((OpenResult.Opened) result).steering();
    }

    private void send(int count, int... spis) {
        sender.send(count, spis);
    }

    private long sendDuring(Runnable action, int... spis) {
        return sender.sendDuring(action, spis);
    }

    private static IntStream unowned() {
        return IntStream.range(FIRST_UNOWNED, FIRST_UNOWNED + UNOWNED);
    }
}
