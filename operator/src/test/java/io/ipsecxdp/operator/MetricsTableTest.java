package io.ipsecxdp.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.charts.MetricsTable;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.SteeringStatus;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table of docs/operations.md, and what Prometheus gets. */
@SuppressWarnings("deprecation") // the registry that Quarkus has
class MetricsTableTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final OperatorMetrics metrics = new OperatorMetrics(registry);

    @Test
    void theTableHasEveryMetricWithItsLabelsAndNoOther() throws Exception {
        metrics.record(Map.of(steering("all"), status(Condition.Status.True, "Installed")));
        metrics.reconciled(Duration.ofMillis(1));
        metrics.failedWrites(1);

        assertThat(MetricsTable.exported(registry.scrape()))
                .isNotEmpty()
                .isEqualTo(MetricsTable.documented(
                        Path.of("").toAbsolutePath().getParent(), MetricsTable.OF_THE_OPERATOR));
    }

    @Test
    void objectsAreCountedByKindReadyAndReasonAndNoneIsShownTwice() {
        metrics.record(Map.of(
                steering("a"), status(Condition.Status.True, "Installed"),
                steering("b"), status(Condition.Status.True, "Installed"),
                steering("c"), status(Condition.Status.False, "Installing")));
        assertThat(objects())
                .containsExactlyInAnyOrder(
                        "ipsecxdp_objects{kind=\"SteeringPolicy\",ready=\"True\",reason=\"Installed\"} 2.0",
                        "ipsecxdp_objects{kind=\"SteeringPolicy\",ready=\"False\",reason=\"Installing\"} 1.0");

        metrics.record(Map.of(steering("a"), status(Condition.Status.True, "Installed")));
        assertThat(objects())
                .containsExactly("ipsecxdp_objects{kind=\"SteeringPolicy\",ready=\"True\",reason=\"Installed\"} 1.0");
    }

    private List<String> objects() {
        return registry.scrape()
                .lines()
                .filter(line -> line.startsWith("ipsecxdp_objects"))
                .map(line -> line.replace(",}", "}"))
                .toList();
    }

    private static ObjectKey steering(String name) {
        return DeclaredKind.ALL.stream()
                .filter(kind -> kind.toString().equals("SteeringPolicy"))
                .map(kind -> new ObjectKey(kind, name))
                .findFirst()
                .orElseThrow();
    }

    private static SteeringStatus status(Condition.Status ready, String reason) {
        var condition = new Condition(Condition.READY, ready, 1L, "2026-01-01T12:00:00Z", reason, "because");
        return new SteeringStatus(1L, 1, 1, 0, List.of(), List.of(condition));
    }
}
