package io.ipsecxdp.agent.steering;

import static io.ipsecxdp.agent.steering.CountersOf.interfaceNamed;
import static io.ipsecxdp.agent.steering.CountersOf.queue;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.bpf.QueueCount;
import io.ipsecxdp.bpf.UnknownTalker;
import io.ipsecxdp.crds.CpuTraffic;
import io.ipsecxdp.crds.SteeredTraffic;
import io.ipsecxdp.crds.UnknownSpi;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SteeringCountersTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private static final Map<Outcome, List<Count>> RECEIVED = Map.of(
            Outcome.OWNER, List.of(new Count(30, 3000), new Count(20, 2000)),
            Outcome.SA_UNKNOWN, List.of(new Count(50, 500), Count.ZERO),
            Outcome.NOT_ESP, List.of(new Count(7, 700), Count.ZERO));

    private static SteeringCounters of(InterfaceCounters... interfaces) {
        return new SteeringCounters(List.of(interfaces), Optional.empty());
    }

    @Test
    void trafficIsToldByInterfaceAndCpu() {
        SteeringCounters counters = of(interfaceNamed("eth0", RECEIVED, queue(40, 3), queue(10, 0)));

        assertThat(counters.traffic())
                .containsExactly(new SteeredTraffic(
                        "eth0",
                        "steer",
                        100L,
                        5500L,
                        50,
                        3L,
                        "1.60",
                        List.of(new CpuTraffic(0, 40L, 3L), new CpuTraffic(1, 10L, 0L))));
        assertThat(counters.ipsecPackets()).isEqualTo(100);
        assertThat(counters.ownerPercent()).isEqualTo(50);
        assertThat(counters.dropped()).isEqualTo(3);
        assertThat(SteeringCounters.inWords(counters.imbalance())).contains("1.60");
    }

    @Test
    void whereNothingWasSteeredThereIsNoImbalance() {
        assertThat(of(interfaceNamed("eth0", RECEIVED, queue(0, 0), queue(0, 0)))
                        .imbalance())
                .isEmpty();
        assertThat(of(interfaceNamed("eth0", Map.of())).traffic().getFirst().imbalance())
                .isNull();
    }

    @Test
    void aCpuOfThePolicyThatGotNothingCountsForTheMean() {
        assertThat(of(interfaceNamed("eth0", Map.of(), queue(10, 0), queue(0, 0)))
                        .imbalance())
                .hasValue(2.0);
    }

    @Test
    void aStatusStaysSmallOnTheLargestNode() {
        QueueCount[] queues =
                IntStream.range(0, 512).mapToObj(cpu -> queue(1000 + cpu, 0)).toArray(QueueCount[]::new);
        InterfaceCounters[] interfaces = IntStream.range(0, 100)
                .mapToObj(i -> interfaceNamed("eth" + i, Map.of(), queues))
                .toArray(InterfaceCounters[]::new);

        List<SteeredTraffic> traffic = of(interfaces).traffic();

        assertThat(traffic).hasSize(SteeredTraffic.MAX_INTERFACES);
        assertThat(traffic.getFirst().cpus()).hasSize(SteeredTraffic.MAX_CPUS);
        assertThat(traffic.getFirst().cpus().getLast().cpu()).isEqualTo(511);
    }

    @Test
    void theLoudestUnknownTalkersAreTold() throws UnknownHostException {
        InetAddress source = InetAddress.getByName("192.0.2.7");
        InetAddress destination = InetAddress.getByName("192.0.2.1");
        List<UnknownTalker> talkers = IntStream.range(0, 30)
                .mapToObj(i -> new UnknownTalker(source, destination, 0xffff_ff00L + i, 1 + i))
                .toList();

        List<UnknownSpi> told = of(CountersOf.withUnknown("eth0", talkers), CountersOf.withUnknown("eth1", talkers))
                .unknownSpis();

        assertThat(told).hasSize(UnknownSpi.MAX_LISTED);
        assertThat(told.getFirst().packets()).isEqualTo(30);
        assertThat(told.getFirst().spi()).isEqualTo(0xffff_ff1dL);
        assertThat(told.getFirst().source()).isEqualTo("192.0.2.7");
    }

    @Test
    void lostPacketsAreToldOfForFiveMinutes() {
        OverflowWatch watch = new OverflowWatch();

        assertThat(watch.at(List.of(interfaceNamed("eth0", Map.of(), queue(9, 5), queue(9, 0))), NOON))
                .as("before this agent")
                .isEmpty();
        Optional<String> overflow =
                watch.at(List.of(interfaceNamed("eth0", Map.of(), queue(9, 5), queue(9, 2))), NOON.plusSeconds(10));
        assertThat(overflow)
                .hasValueSatisfying(sentence ->
                        assertThat(sentence).contains("CPU 1", "SteeringPolicy steer", "eth0", "queueSize"));
        assertThat(watch.at(
                        List.of(interfaceNamed("eth0", Map.of(), queue(99, 5), queue(99, 2))), NOON.plusSeconds(310)))
                .isEqualTo(overflow);
        assertThat(watch.at(
                        List.of(interfaceNamed("eth0", Map.of(), queue(99, 5), queue(99, 2))), NOON.plusSeconds(311)))
                .isEmpty();
    }
}
