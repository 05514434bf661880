package io.ipsecxdp.agent.metrics;

import static io.ipsecxdp.agent.steering.CountersOf.interfaceNamed;
import static io.ipsecxdp.agent.steering.CountersOf.queue;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.steering.InterfaceCounters;
import io.ipsecxdp.agent.steering.SteeringCounters;
import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SteeringMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final SteeringMetrics metrics = new SteeringMetrics(registry);

    private void show(InterfaceCounters... interfaces) {
        metrics.show(new SteeringCounters(List.of(interfaces), Optional.empty()));
    }

    /** Each as {@code name{labels} value}. */
    private List<String> series() {
        return registry.getMeters().stream()
                .map(meter -> "%s{%s} %s".formatted(meter.getId().getName(), labels(meter), value(meter)))
                .sorted()
                .toList();
    }

    private static String labels(Meter meter) {
        return meter.getId().getTags().stream().map(Tag::getValue).collect(Collectors.joining(","));
    }

    private static double value(Meter meter) {
        return meter.measure().iterator().next().getValue();
    }

    @Test
    void packetsAreCountedByPolicyInterfaceCpuAndOutcome() {
        show(interfaceNamed(
                "eth0",
                Map.of(
                        Outcome.OWNER, List.of(Count.ZERO, new Count(5, 600)),
                        Outcome.NOT_ESP, List.of(Count.ZERO, Count.ZERO)),
                queue(3, 1),
                queue(1, 0)));

        assertThat(series())
                .containsExactly(
                        "ipsecxdp.steering.bytes{1,eth0,owner,steer} 600.0",
                        "ipsecxdp.steering.dropped.packets{cpu,0,eth0,steer} 0.0",
                        "ipsecxdp.steering.dropped.packets{cpu,1,eth0,steer} 0.0",
                        "ipsecxdp.steering.dropped.packets{queue-full,0,eth0,steer} 1.0",
                        "ipsecxdp.steering.dropped.packets{queue-full,1,eth0,steer} 0.0",
                        "ipsecxdp.steering.dropped.packets{redirect,0,eth0,steer} 0.0",
                        "ipsecxdp.steering.dropped.packets{redirect,1,eth0,steer} 0.0",
                        "ipsecxdp.steering.imbalance{eth0,steer} 1.5",
                        "ipsecxdp.steering.packets{1,eth0,owner,steer} 5.0",
                        "ipsecxdp.steering.queued.packets{0,eth0,steer} 3.0",
                        "ipsecxdp.steering.queued.packets{1,eth0,steer} 1.0");
    }

    @Test
    void countersGoOnAndTheSeriesOfAnInterfaceEndWithIt() {
        show(interfaceNamed("eth0", Map.of(Outcome.OWNER, List.of(new Count(5, 600)))));
        show(interfaceNamed("eth0", Map.of(Outcome.OWNER, List.of(new Count(8, 900)))));

        assertThat(series()).contains("ipsecxdp.steering.packets{0,eth0,owner,steer} 8.0");

        show();
        assertThat(series()).isEmpty();
    }
}
