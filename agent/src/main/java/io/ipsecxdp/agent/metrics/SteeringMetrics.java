package io.ipsecxdp.agent.metrics;

import io.ipsecxdp.agent.steering.InterfaceCounters;
import io.ipsecxdp.agent.steering.SteeringCounters;
import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.bpf.QueueCount;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

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

    /** Registered for as long as its interface is steered. */
    private record Registered(Meter meter, AtomicReference<Double> value) {}

    private final MeterRegistry registry;
    private final Map<Series, Registered> meters = new HashMap<>();

    public SteeringMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Shows what was counted; series of interfaces that are not steered any more end. */
    public synchronized void show(SteeringCounters counters) {
        Set<Series> shown = new HashSet<>();
        counters.interfaces().forEach(one -> show(one, shown));
        meters.keySet().stream()
                .filter(series -> !shown.contains(series))
                .toList()
                .forEach(gone -> registry.remove(meters.remove(gone).meter()));
    }

    private void show(InterfaceCounters one, Set<Series> shown) {
        Tags tags = Tags.of("policy", one.policy(), "interface", one.interfaceName());
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
        if (one.imbalance().isPresent()) {
            registered(
                    new Series(IMBALANCE, tags),
                    one.imbalance().getAsDouble(),
                    (value) -> Gauge.builder(IMBALANCE, value, AtomicReference::get)
                            .description("The busiest CPU's packets divided by the mean over the CPUs of the policy")
                            .tags(tags)
                            .register(registry),
                    shown);
        }
    }

    private void drops(Tags where, String at, long packets, Set<Series> shown) {
        count(DROPPED, where.and("at", at), "Packets that were lost on the way to a CPU", packets, shown);
    }

    private void count(String name, Tags tags, String description, long total, Set<Series> shown) {
        registered(
                new Series(name, tags),
                total,
                value -> FunctionCounter.builder(name, value, AtomicReference::get)
                        .description(description)
                        .tags(tags)
                        .register(registry),
                shown);
    }

    private interface Making {
        Meter from(AtomicReference<Double> value);
    }

    private void registered(Series series, double value, Making making, Set<Series> shown) {
        shown.add(series);
        meters.computeIfAbsent(series, absent -> {
                    AtomicReference<Double> holder = new AtomicReference<>(value);
                    return new Registered(making.from(holder), holder);
                })
                .value()
                .set(value);
    }

    private static String name(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
