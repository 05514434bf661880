package io.ipsecxdp.agent.metrics;

import static io.ipsecxdp.agent.steering.CountersOf.interfaceNamed;
import static io.ipsecxdp.agent.steering.CountersOf.queue;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.report.SaFigures;
import io.ipsecxdp.agent.steering.SteeringCounters;
import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.charts.MetricsTable;
import io.ipsecxdp.crds.SaTraffic;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The table of docs/operations.md, and what Prometheus gets. */
@SuppressWarnings("deprecation") // the registry that Quarkus has
class MetricsTableTest {
    @Test
    void theTableHasEveryMetricWithItsLabelsAndNoOther() throws Exception {
        var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new SteeringMetrics(registry)
                .show(new SteeringCounters(
                        List.of(interfaceNamed(
                                "eth0", Map.of(Outcome.OWNER, List.of(new Count(5, 600))), queue(3, 1), queue(1, 0))),
                        Optional.empty()));
        SaMetrics.register(registry, () -> ObservedSa.Errors.NONE, () -> new SaTraffic(1L, 2L, 3L, 4L));
        new PerSaMetrics(registry, 1)
                .show(List.of(new SaFigures(
                        "a", Optional.empty(), SaDir.OUT, 0x1000, 1, 100, OptionalLong.of(1), ObservedSa.Errors.NONE)));
        new XfrmMetrics(registry).show(Map.of("XfrmInNoStates", 1L));

        assertThat(MetricsTable.exported(registry.scrape()))
                .isNotEmpty()
                .isEqualTo(
                        MetricsTable.documented(Path.of("").toAbsolutePath().getParent(), MetricsTable.OF_THE_AGENTS));
    }
}
