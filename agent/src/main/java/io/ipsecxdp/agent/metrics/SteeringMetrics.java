package io.ipsecxdp.agent.metrics;

import io.ipsecxdp.agent.steering.InterfaceCounters;
import io.ipsecxdp.agent.steering.SteeringCounters;
import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.bpf.QueueCount;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Steering as Prometheus sees it. Series are as many as steered interfaces times CPUs times outcomes that occurred; who
 * sends unknown SPIs is in no label, because anybody can send any number of them. Safe for use by several threads.
 */
public final class SteeringMetrics {

    private static final String PACKETS = "ipsecxdp.steering.packets";
    private static final String BYTES = "ipsecxdp.steering.bytes";
    private static final String STEERED = "ipsecxdp.steering.queued.packets";
    private static final String DROPPED = "ipsecxdp.steering.dropped.packets";
    private static final String IMBALANCE = "ipsecxdp.steering.imbalance";

    private record Series(String name, Tags tags) {}

    private final MeterRegistry registry;
    private final MultiGauge imbalance;
    /** Counters are registered for as long as their interface is steered. */
    private final Map<Series, Meter> counters = new HashMap<>();

    private final Map<Series, Long> totals = new ConcurrentHashMap<>();

    public SteeringMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.imbalance = MultiGauge.builder(IMBALANCE)
                .description("The busiest CPU's packets divided by the mean over the CPUs of the policy")
                .register(registry);
    }

    /** Shows what was counted; series of interfaces that are not steered any more end. */
    public synchronized void show(SteeringCounters counted) {
        Set<Series> shown = new HashSet<>();
        counted.interfaces().forEach(one -> show(one, shown));
        counters.keySet().stream()
                .filter(series -> !shown.contains(series))
                .toList()
                .forEach(gone -> {
                    registry.remove(counters.remove(gone));
                    totals.remove(gone);
                });
        imbalance.register(
                counted.interfaces().stream()
                        .filter(one -> one.imbalance().isPresent())
                        .<MultiGauge.Row<?>>map(one ->
                                MultiGauge.Row.of(tags(one), one.imbalance().getAsDouble()))
                        .toList(),
                true);
    }

    private void show(InterfaceCounters one, Set<Series> shown) {
        Tags tags = tags(one);
        one.received().forEach((outcome, cpus) -> {
            for (int cpu = 0; cpu < cpus.size(); cpu++) {
                Count count = cpus.get(cpu);
                Tags where = tags.and("outcome", name(outcome), "cpu", String.valueOf(cpu));
                if (count.packets() > 0) {
                    count(PACKETS, where, "Packets that the XDP program saw, by receiving CPU", count.packets(), shown);
                    count(BYTES, where, "Their bytes, Ethernet header included", count.bytes(), shown);
                }
            }
        });
        List<QueueCount> queues = one.queues();
        for (int cpu = 0; cpu < queues.size(); cpu++) {
            QueueCount queue = queues.get(cpu);
            Tags where = tags.and("cpu", String.valueOf(cpu));
            if (one.cpus().contains(cpu) || queue.enqueued() > 0 || InterfaceCounters.dropped(queue) > 0) {
                count(STEERED, where, "Packets that the queue of a CPU took", queue.enqueued(), shown);
                drops(where, "queue-full", queue.dropped(), shown);
                drops(where, "cpu", queue.kernelDropped(), shown);
                drops(where, "redirect", queue.redirectErrors(), shown);
            }
        }
    }

    private static Tags tags(InterfaceCounters one) {
        return Tags.of("policy", one.policy(), "interface", one.interfaceName());
    }

    private void drops(Tags where, String at, long packets, Set<Series> shown) {
        count(DROPPED, where.and("at", at), "Packets that were lost on the way to a CPU", packets, shown);
    }

    private void count(String name, Tags tags, String description, long total, Set<Series> shown) {
        Series series = new Series(name, tags);
        shown.add(series);
        totals.put(series, total);
        counters.computeIfAbsent(
                series,
                absent -> FunctionCounter.builder(name, totals, all -> all.getOrDefault(series, 0L))
                        .description(description)
                        .tags(tags)
                        .register(registry));
    }

    private static String name(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
