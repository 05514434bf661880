package io.ipsecxdp.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.report.SaFigures;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PerSaMetricsTest {

    private static final SaFigures QUIET = sa("quiet", 1, ObservedSa.Errors.NONE);
    private static final SaFigures BUSY = sa("busy", 1_000, ObservedSa.Errors.NONE);
    private static final SaFigures REFUSING = sa("refusing", 2, new ObservedSa.Errors(5, 6, 7));

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private static SaFigures sa(String name, long packets, ObservedSa.Errors refused) {
        return new SaFigures(
                name,
                Optional.of("cpu-1"),
                SaDir.IN,
                0x1000,
                packets,
                packets * 100,
                OptionalLong.of(packets),
                refused);
    }

    private Map<String, Double> packets() {
        return registry.find("ipsecxdp.per.sa.packets").gauges().stream()
                .collect(Collectors.toMap(gauge -> gauge.getId().getTag("sa"), Gauge::value));
    }

    @Test
    void noneHasSeriesOfItsOwnUnlessAskedFor() {
        new PerSaMetrics(registry, 0).show(List.of(QUIET, BUSY));

        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void ofMoreThanAskedForThoseThatRefusedAndThenTheBusyAreShown() {
        new PerSaMetrics(registry, 2).show(List.of(QUIET, BUSY, REFUSING));

        assertThat(packets()).isEqualTo(Map.of("refusing", 2.0, "busy", 1_000.0));
        assertThat(registry.get("ipsecxdp.per.sa.refused.packets")
                        .tags("sa", "refusing", "child", "cpu-1", "direction", "in", "spi", "0x00001000")
                        .tag("why", "not-authentic")
                        .gauge()
                        .value())
                .isEqualTo(7);
    }

    @Test
    void theSeriesOfAnSaGoWithIt() {
        PerSaMetrics metrics = new PerSaMetrics(registry, 2);
        metrics.show(List.of(QUIET, BUSY));

        metrics.show(List.of(QUIET));

        assertThat(packets()).isEqualTo(Map.of("quiet", 1.0));
    }

    @Test
    void aSequenceThatADeviceCountsHasNoSeries() {
        new PerSaMetrics(registry, 1)
                .show(List.of(new SaFigures(
                        "a", Optional.empty(), SaDir.OUT, 1, 1, 1, OptionalLong.empty(), ObservedSa.Errors.NONE)));

        assertThat(registry.find("ipsecxdp.per.sa.last.sequence").gauges()).isEmpty();
        assertThat(registry.find("ipsecxdp.per.sa.packets").gauges()).hasSize(1);
    }
}
