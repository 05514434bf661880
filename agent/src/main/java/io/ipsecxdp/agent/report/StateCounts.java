package io.ipsecxdp.agent.report;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Sums up how entries stand. */
public final class StateCounts {

    private static final int MOST_NAMED = 3;

    private record Named(String name, EntryStatus standing) {}

    private final List<Named> entries = new ArrayList<>();

    public void add(String name, EntryStatus standing) {
        entries.add(new Named(name, standing));
    }

    /** Entries in force, of all, such as {@code 5/6}. */
    public String installed() {
        return "%d/%d".formatted(count(EntryState.Installed), entries.size());
    }

    public boolean allInstalled() {
        return count(EntryState.Installed) == entries.size();
    }

    /** Ready, Reconciling and Degraded. */
    public List<Condition> conditions(ConditionTimes conditions) {
        return List.of(
                ready(conditions),
                conditions.of(
                        Condition.RECONCILING,
                        count(EntryState.Pending) > 0,
                        (count(EntryState.Pending) > 0 ? Reason.Installing : Reason.Installed).name(),
                        message(EntryState.Pending).orElse("Nothing is left to do.")),
                conditions.of(
                        Condition.DEGRADED,
                        first(EntryState.Failed).isPresent(),
                        first(EntryState.Failed).orElse(Reason.Installed).name(),
                        message(EntryState.Failed).orElse("Nothing failed.")));
    }

    public Condition ready(ConditionTimes conditions) {
        Reason reason =
                first(EntryState.Failed).or(() -> first(EntryState.Pending)).orElse(Reason.Installed);
        String message = message(EntryState.Failed)
                .or(() -> message(EntryState.Pending))
                .orElse(
                        entries.isEmpty()
                                ? "Nothing is planned."
                                : "All %d entries are in force.".formatted(entries.size()));
        return conditions.of(Condition.READY, allInstalled(), reason.name(), message);
    }

    private long count(EntryState state) {
        return entries.stream()
                .filter(entry -> entry.standing().state() == state)
                .count();
    }

    private Optional<Reason> first(EntryState state) {
        return entries.stream()
                .filter(entry -> entry.standing().state() == state)
                .map(entry -> entry.standing().reason())
                .findFirst();
    }

    /** The first in full; of the others, which they are. */
    private Optional<String> message(EntryState state) {
        List<Named> concerned = entries.stream()
                .filter(entry -> entry.standing().state() == state)
                .toList();
        if (concerned.isEmpty()) {
            return Optional.empty();
        }
        Named first = concerned.getFirst();
        StringBuilder message =
                new StringBuilder(first.name() + ": " + first.standing().message());
        if (concerned.size() > 1) {
            message.append(" Also: ")
                    .append(concerned.stream()
                            .skip(1)
                            .limit(MOST_NAMED)
                            .map(entry -> "%s (%s)"
                                    .formatted(entry.name(), entry.standing().reason()))
                            .collect(Collectors.joining(", ")));
            int more = concerned.size() - 1 - MOST_NAMED;
            message.append(more > 0 ? " and %d more.".formatted(more) : ".");
        }
        return Optional.of(message.toString());
    }
}
