package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.crds.Condition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Makes conditions whose transition time is that of the last change of their status. */
record ReadinessConditions(List<Condition> present, long generation, Instant now) {
    List<Condition> of(Readiness outcome) {
        return List.of(
                condition(Condition.READY, outcome.ready(), outcome),
                condition(Condition.RECONCILING, outcome.reconciling(), outcome),
                condition(Condition.STALLED, outcome.stalled(), outcome),
                condition(Condition.DEGRADED, outcome.degraded(), outcome));
    }

    private Condition condition(String type, Condition.Status status, Readiness outcome) {
        String since = present.stream()
                .filter(condition -> condition.type().equals(type) && condition.status() == status)
                .map(Condition::lastTransitionTime)
                .findFirst()
                .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
        return new Condition(type, status, generation, since, outcome.reason(), outcome.message());
    }
}
