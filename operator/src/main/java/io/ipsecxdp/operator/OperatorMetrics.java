package io.ipsecxdp.operator;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.rollup.RollUp;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reconciles, failed writes, and objects by kind and readiness. The number of series does not depend on what is declared.
 *
 * <p>What is counted is kept here and read by the meters: an operator may reconcile before Quarkus has the registry that
 * /metrics shows, and a Timer or Counter forgets what it met before.
 */
@ApplicationScoped
@Startup
public class OperatorMetrics {
    private final MultiGauge objects;
    private final LongAdder failedWrites = new LongAdder();
    private final Reconciles reconciles = new Reconciles(new LongAdder(), new LongAdder());

    private record Reconciles(LongAdder count, LongAdder nanoseconds) {}

    public OperatorMetrics(MeterRegistry registry) {
        objects = MultiGauge.builder("ipsecxdp.objects")
                .description("Declared objects, by kind and Ready")
                .register(registry);
        show(Map.of());
        FunctionCounter.builder("ipsecxdp.failed.writes", failedWrites, LongAdder::sum)
                .register(registry);
        FunctionTimer.builder(
                        "ipsecxdp.reconciles",
                        reconciles,
                        all -> all.count().sum(),
                        all -> all.nanoseconds().sum(),
                        TimeUnit.NANOSECONDS)
                .register(registry);
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
        reconciles.count().increment();
        reconciles.nanoseconds().add(duration.toNanos());
    }

    void failedWrites(int count) {
        failedWrites.add(count);
    }
}
