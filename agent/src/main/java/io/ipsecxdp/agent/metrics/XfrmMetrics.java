package io.ipsecxdp.agent.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the kernel's IPsec counts as errors, as Prometheus sees it: one series for each of the kernel's counters. For one thread. */
public final class XfrmMetrics {

    private static final String ERRORS = "ipsecxdp.xfrm.errors";

    private final MeterRegistry registry;
    /** By the kernel's name; a counter that was there once stays. */
    private final Map<String, Long> latest = new ConcurrentHashMap<>();

    public XfrmMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** @param counters packets by the kernel's name of the error */
    public void show(Map<String, Long> counters) {
        counters.forEach((counter, packets) -> {
            if (latest.put(counter, packets) == null) {
                FunctionCounter.builder(ERRORS, latest, all -> all.get(counter))
                        .description("Packets that the kernel's IPsec refused, by its name of the reason")
                        .tag("counter", counter)
                        .register(registry);
            }
        });
    }
}
