package io.ipsecxdp.agent.metrics;

import static java.util.Comparator.comparingLong;

import io.ipsecxdp.agent.report.SaFigures;
import io.ipsecxdp.xfrm.ObservedSa;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What went through each SA, of no more SAs than asked for: a cluster has a thousand nodes with a thousand SAs each. Gauges,
 * because an SA that goes takes its numbers along. For one thread.
 */
public final class PerSaMetrics {

    /** Those that refused packets are what somebody looks for, then those that are busy; else always the same. */
    private static final Comparator<SaFigures> FIRST = comparingLong((SaFigures sa) -> refused(sa.refused()))
            .thenComparingLong(SaFigures::packets)
            .reversed()
            .thenComparing(SaFigures::name)
            .thenComparingLong(SaFigures::spi);

    private final int most;
    private final MultiGauge packets;
    private final MultiGauge bytes;
    private final MultiGauge lastSequence;
    private final MultiGauge refused;

    /** @param most SAs that have series of their own; 0 for none */
    public PerSaMetrics(MeterRegistry registry, int most) {
        this.most = most;
        this.packets = gauge(registry, "packets", "Packets that the SA sent or received");
        this.bytes = gauge(registry, "bytes", "Bytes that the SA sent or received");
        this.lastSequence =
                gauge(registry, "last.sequence", "Sequence number of the last packet sent, or the highest received");
        this.refused = gauge(registry, "refused.packets", "Packets that the SA refused");
    }

    private static MultiGauge gauge(MeterRegistry registry, String name, String description) {
        return MultiGauge.builder("ipsecxdp.per.sa." + name)
                .description(description)
                .register(registry);
    }

    /** Shows these SAs, or some of them; series of others end. */
    public void show(List<SaFigures> sas) {
        if (most == 0) {
            return;
        }
        List<SaFigures> shown = sas.stream().sorted(FIRST).limit(most).toList();
        register(packets, shown.stream().map(sa -> MultiGauge.Row.of(tags(sa), sa.packets())));
        register(bytes, shown.stream().map(sa -> MultiGauge.Row.of(tags(sa), sa.bytes())));
        register(
                lastSequence,
                shown.stream()
                        .filter(sa -> sa.lastSequence().isPresent())
                        .map(sa -> MultiGauge.Row.of(tags(sa), sa.lastSequence().getAsLong())));
        register(refused, shown.stream().flatMap(PerSaMetrics::refusedBy));
    }

    private static void register(MultiGauge gauge, Stream<MultiGauge.Row<Number>> rows) {
        gauge.register(rows.<MultiGauge.Row<?>>map(row -> row).toList(), true);
    }

    private static Stream<MultiGauge.Row<Number>> refusedBy(SaFigures sa) {
        ObservedSa.Errors errors = sa.refused();
        return Stream.of(
                MultiGauge.Row.of(tags(sa).and("why", SaMetrics.OUTSIDE_WINDOW), errors.outsideWindow()),
                MultiGauge.Row.of(tags(sa).and("why", SaMetrics.REPLAYED), errors.replayed()),
                MultiGauge.Row.of(tags(sa).and("why", SaMetrics.NOT_AUTHENTIC), errors.integrityFailed()));
    }

    private static long refused(ObservedSa.Errors errors) {
        return errors.outsideWindow() + errors.replayed() + errors.integrityFailed();
    }

    private static Tags tags(SaFigures sa) {
        return Tags.of(
                "sa",
                sa.name(),
                "child",
                sa.child().orElse(""),
                "direction",
                sa.direction().name().toLowerCase(Locale.ROOT),
                "spi",
                "0x%08x".formatted(sa.spi()));
    }
}
