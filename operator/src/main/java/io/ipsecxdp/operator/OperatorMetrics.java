package io.ipsecxdp.operator;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

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
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reconciles, failed writes, and objects by kind and readiness. The number of series does not depend on how much is
 * declared.
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
                .description("Declared objects, by kind and Ready, and why")
                .register(registry);
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
        objects.register(
                statuses.entrySet().stream()
                        .flatMap(entry ->
                                RollUp.ready(entry.getValue())
                                        .map(ready -> tags(entry.getKey().kind(), ready))
                                        .stream())
                        .collect(groupingBy(identity(), counting()))
                        .entrySet()
                        .stream()
                        .<MultiGauge.Row<?>>map(alike -> MultiGauge.Row.of(alike.getKey(), alike.getValue()))
                        .toList(),
                true);
    }

    private static Tags tags(DeclaredKind<?, ?> kind, Condition ready) {
        return Tags.of("kind", kind.toString(), "ready", ready.status().toString(), "reason", ready.reason());
    }

    void reconciled(Duration duration) {
        reconciles.count().increment();
        reconciles.nanoseconds().add(duration.toNanos());
    }

    void failedWrites(int count) {
        failedWrites.add(count);
    }
}
