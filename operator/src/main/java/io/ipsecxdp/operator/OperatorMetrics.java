package io.ipsecxdp.operator;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.rollup.RollUp;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

/** Reconciles, failed writes, and objects by kind and readiness. The number of series does not depend on what is declared. */
@ApplicationScoped
@Startup
public class OperatorMetrics {
    private final MultiGauge objects;
    private final Counter failedWrites;
    private final Timer reconciles;

    public OperatorMetrics(MeterRegistry registry) {
        objects = MultiGauge.builder("ipsecxdp.objects")
                .description("Declared objects, by kind and Ready")
                .register(registry);
        show(Map.of());
        failedWrites = registry.counter("ipsecxdp.failed.writes");
        reconciles = registry.timer("ipsecxdp.reconciles");
    }

    void record(Map<ObjectKey, DeclaredStatus> statuses) {
        show(statuses);
    }

    private void show(Map<ObjectKey, DeclaredStatus> statuses) {
        objects.register(
                DeclaredKind.ALL.stream()
                        .flatMap(kind -> Arrays.stream(Condition.Status.values())
                                .<MultiGauge.Row<?>>map(ready -> MultiGauge.Row.of(
                                        Tags.of("kind", kind.toString(), "ready", ready.toString()),
                                        count(statuses, kind, ready))))
                        .toList(),
                true);
    }

    private static long count(
            Map<ObjectKey, DeclaredStatus> statuses, DeclaredKind<?, ?> kind, Condition.Status ready) {
        return statuses.entrySet().stream()
                .filter(entry -> entry.getKey().kind() == kind)
                .filter(entry -> RollUp.ready(entry.getValue())
                        .map(Condition::status)
                        .filter(ready::equals)
                        .isPresent())
                .count();
    }

    void reconciled(Duration duration) {
        reconciles.record(duration);
    }

    void failedWrites(int count) {
        failedWrites.increment(count);
    }
}
