package io.ipsecxdp.operator;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

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
import java.util.Map;

/** Reconciles, failed writes, and objects by kind and readiness. The number of series does not depend on how much is declared. */
@ApplicationScoped
@Startup
public class OperatorMetrics {
    private final MultiGauge objects;
    private final Counter failedWrites;
    private final Timer reconciles;

    public OperatorMetrics(MeterRegistry registry) {
        objects = MultiGauge.builder("ipsecxdp.objects")
                .description("Declared objects, by kind and Ready, and why")
                .register(registry);
        failedWrites = registry.counter("ipsecxdp.failed.writes");
        reconciles = registry.timer("ipsecxdp.reconciles");
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
        reconciles.record(duration);
    }

    void failedWrites(int count) {
        failedWrites.increment(count);
    }
}
