package io.ipsecxdp.agent.metrics;

import static io.ipsecxdp.agent.steering.CountersOf.interfaceNamed;
import static io.ipsecxdp.agent.steering.CountersOf.queue;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.steering.SteeringCounters;
import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.xfrm.ObservedSa;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table of docs/operations.md, and what Prometheus gets. */
@SuppressWarnings("deprecation") // the registry that Quarkus has
class MetricsTableTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `(ipsecxdp_[a-z_]+\\{[a-z,]+})` \\|");
    private static final Pattern SERIES = Pattern.compile("(?m)^(ipsecxdp_[a-z_]+\\{.*}) [0-9.E]+$");

    @Test
    void theTableHasEveryMetricWithItsLabelsAndNoOther() throws Exception {
        var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new SteeringMetrics(registry)
                .show(new SteeringCounters(
                        List.of(interfaceNamed(
                                "eth0", Map.of(Outcome.OWNER, List.of(new Count(5, 600))), queue(3, 1), queue(1, 0))),
                        Optional.empty()));
        SaMetrics.register(registry, () -> ObservedSa.Errors.NONE);
        new XfrmMetrics(registry).show(Map.of("XfrmInNoStates", 1L));

        String page = Files.readString(Path.of("../docs/operations.md"));
        String section = page.split("\n### Metrics of the agents\n", 2)[1].split("\n##", 2)[0];
        assertThat(registry.scrape()).isNotEmpty();
        assertThat(SERIES.matcher(registry.scrape())
                        .results()
                        .map(series ->
                                series.group(1).replaceAll("=\"[^\"]*\"", "").replace(",}", "}"))
                        .collect(toSet()))
                .containsExactlyInAnyOrderElementsOf(
                        ROW.matcher(section).results().map(row -> row.group(1)).collect(toSet()));
    }
}
