package io.ipsecxdp.operator;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.rollup.RollUp;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Reconciles, failed writes, and objects by kind and readiness. The number of series does not depend on what is declared. */
@ApplicationScoped
@Startup
public class OperatorMetrics {
    private final Map<DeclaredKind<?, ?>, Map<Condition.Status, AtomicInteger>> objects = new HashMap<>();
    private final Counter failedWrites;
    private final Timer reconciles;

    public OperatorMetrics(MeterRegistry registry) {
        for (var kind : DeclaredKind.ALL) {
            var states = new HashMap<Condition.Status, AtomicInteger>();
            for (var ready : Condition.Status.values()) {
                states.put(
                        ready,
                        registry.gauge(
                                "ipsecxdp.objects",
                                Tags.of("kind", kind.toString(), "ready", ready.toString()),
                                new AtomicInteger()));
            }
            objects.put(kind, states);
        }
        failedWrites = registry.counter("ipsecxdp.failed.writes");
        reconciles = registry.timer("ipsecxdp.reconciles");
    }

    void record(Map<ObjectKey, DeclaredStatus> statuses) {
        objects.forEach((kind, states) -> states.forEach((ready, count) -> count.set((int) statuses.entrySet().stream()
                .filter(entry -> entry.getKey().kind() == kind)
                .filter(entry -> RollUp.ready(entry.getValue())
                        .map(Condition::status)
                        .filter(ready::equals)
                        .isPresent())
                .count())));
    }

    void reconciled(Duration duration) {
        reconciles.record(duration);
    }

    void failedWrites(int count) {
        failedWrites.increment(count);
    }
}
