package io.ipsecxdp.agent.metrics;

import io.ipsecxdp.xfrm.ObservedSa;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * What the SAs of the node refused, all together: three series, however many SAs there are. Gauges, because an SA that goes
 * takes its numbers along.
 */
public final class SaMetrics {

    private static final String REFUSED = "ipsecxdp.sa.refused.packets";

    private SaMetrics() {}

    /** @param refused by all SAs in the SAD; asked from any thread */
    public static void register(MeterRegistry registry, Supplier<ObservedSa.Errors> refused) {
        register(registry, "outside-window", refused, ObservedSa.Errors::outsideWindow);
        register(registry, "replayed", refused, ObservedSa.Errors::replayed);
        register(registry, "not-authentic", refused, ObservedSa.Errors::integrityFailed);
    }

    private static void register(
            MeterRegistry registry,
            String why,
            Supplier<ObservedSa.Errors> refused,
            ToDoubleFunction<ObservedSa.Errors> count) {
        Gauge.builder(REFUSED, () -> count.applyAsDouble(refused.get()))
                .description("Packets that the SAs now in the SAD refused")
                .tags("why", why)
                .register(registry);
    }
}
