package io.ipsecxdp.agent.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What the kernel's IPsec counts as errors, as Prometheus sees it: one series for each of the kernel's counters. For one thread. */
public final class XfrmMetrics {

    private static final String ERRORS = "ipsecxdp.xfrm.errors";

    private final MeterRegistry registry;
    private final Map<String, AtomicLong> shown = new HashMap<>();

    public XfrmMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** @param counters packets by the kernel's name of the error */
    public void show(Map<String, Long> counters) {
        counters.forEach((counter, packets) ->
                shown.computeIfAbsent(counter, this::registered).set(packets));
    }

    private AtomicLong registered(String counter) {
        AtomicLong packets = new AtomicLong();
        FunctionCounter.builder(ERRORS, packets, AtomicLong::get)
                .description("Packets that the kernel's IPsec refused, by its name of the reason")
                .tag("counter", counter)
                .register(registry);
        return packets;
    }
}
