package io.ipsecxdp.agent.metrics;

import io.ipsecxdp.crds.SaTraffic;
import io.ipsecxdp.xfrm.ObservedSa;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * What the SAs of the node did and refused, all together: seven series, however many SAs there are. Gauges, because an SA
 * that goes takes its numbers along.
 */
public final class SaMetrics {

    static final String OUTSIDE_WINDOW = "outside-window";
    static final String REPLAYED = "replayed";
    static final String NOT_AUTHENTIC = "not-authentic";

    private static final String PACKETS = "ipsecxdp.sa.packets";
    private static final String BYTES = "ipsecxdp.sa.bytes";
    private static final String REFUSED = "ipsecxdp.sa.refused.packets";

    private SaMetrics() {}

    /**
     * @param refused by all SAs in the SAD; asked from any thread
     * @param traffic of the SAs in force; asked from any thread
     */
    public static void register(
            MeterRegistry registry, Supplier<ObservedSa.Errors> refused, Supplier<SaTraffic> traffic) {
        traffic(registry, PACKETS, "out", traffic, SaTraffic::encryptedPackets);
        traffic(registry, BYTES, "out", traffic, SaTraffic::encryptedBytes);
        traffic(registry, PACKETS, "in", traffic, SaTraffic::decryptedPackets);
        traffic(registry, BYTES, "in", traffic, SaTraffic::decryptedBytes);
        register(registry, OUTSIDE_WINDOW, refused, ObservedSa.Errors::outsideWindow);
        register(registry, REPLAYED, refused, ObservedSa.Errors::replayed);
        register(registry, NOT_AUTHENTIC, refused, ObservedSa.Errors::integrityFailed);
    }

    private static void traffic(
            MeterRegistry registry,
            String name,
            String direction,
            Supplier<SaTraffic> traffic,
            ToDoubleFunction<SaTraffic> figure) {
        Gauge.builder(name, () -> figure.applyAsDouble(traffic.get()))
                .description("What the SAs in force sent or received")
                .tags("direction", direction)
                .register(registry);
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
