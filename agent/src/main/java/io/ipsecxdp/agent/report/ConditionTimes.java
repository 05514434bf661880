package io.ipsecxdp.agent.report;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Condition.Status;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Makes conditions whose time changes only when their status does (Kubernetes' API conventions). */
public final class ConditionTimes {

    private final List<Condition> previous;
    private final Optional<Long> generation;
    private final String now;

    /** @param generation of the object that is reported about; empty if it has no spec */
    public ConditionTimes(List<Condition> previous, Optional<Long> generation, Instant now) {
        this.previous = previous;
        this.generation = generation;
        this.now = now.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    public Condition of(String type, boolean holds, String reason, String message) {
        Status status = holds ? Status.True : Status.False;
        String since = previous.stream()
                .filter(condition -> condition.type().equals(type) && condition.status() == status)
                .map(Condition::lastTransitionTime)
                .findFirst()
                .orElse(now);
        return new Condition(type, status, generation.orElse(null), since, reason, message);
    }
}
