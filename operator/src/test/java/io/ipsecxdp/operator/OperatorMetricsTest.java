package io.ipsecxdp.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.SteeringStatus;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OperatorMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final OperatorMetrics metrics = new OperatorMetrics(registry);

    private static ObjectKey steering(String name) {
        return new ObjectKey(DeclaredKind.STEERING_POLICY, name);
    }

    private static DeclaredStatus ready(Condition.Status ready) {
        return new SteeringStatus(
                1L,
                1,
                1,
                0,
                List.of(),
                List.of(new Condition(Condition.READY, ready, 1L, "2026-01-01T00:00:00Z", "Installed", "")));
    }

    private double objects(DeclaredKind<?, ?> kind, Condition.Status ready) {
        return registry.get("ipsecxdp.objects")
                .tags("kind", kind.toString(), "ready", ready.toString())
                .gauge()
                .value();
    }

    @Test
    void objectsAreCountedByKindAndReadinessAsTheyAreNow() {
        metrics.record(Map.of(
                steering("a"), ready(Condition.Status.True),
                steering("b"), ready(Condition.Status.True),
                steering("c"), ready(Condition.Status.False)));
        assertThat(objects(DeclaredKind.STEERING_POLICY, Condition.Status.True)).isEqualTo(2);
        assertThat(objects(DeclaredKind.STEERING_POLICY, Condition.Status.False))
                .isEqualTo(1);
        assertThat(objects(DeclaredKind.TUNNEL, Condition.Status.True)).isZero();

        metrics.record(Map.of(steering("a"), ready(Condition.Status.False)));

        assertThat(objects(DeclaredKind.STEERING_POLICY, Condition.Status.True)).isZero();
        assertThat(objects(DeclaredKind.STEERING_POLICY, Condition.Status.False))
                .isEqualTo(1);
    }

    @Test
    void theNumberOfSeriesDoesNotDependOnWhatIsDeclared() {
        int before = registry.getMeters().size();

        metrics.record(Map.of(steering("a"), ready(Condition.Status.True)));

        assertThat(registry.getMeters()).hasSize(before);
    }

    @Test
    void reconcilesAndFailedWritesAddUp() {
        metrics.reconciled(Duration.ofMillis(30));
        metrics.reconciled(Duration.ofMillis(12));
        metrics.failedWrites(2);
        metrics.failedWrites(1);

        assertThat(registry.get("ipsecxdp.reconciles").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(42);
        assertThat(registry.get("ipsecxdp.failed.writes").counter().count()).isEqualTo(3);
    }
}
