package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.DesiredEntry;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.time.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The entries that the kernel refused, and when it is asked for each of them again. For one thread. */
final class Refusals {

    private static final Logger LOG = Logger.getLogger(Refusals.class);

    private static final Backoff NONE_YET = Backoff.between(Duration.ofSeconds(1), Duration.ofMinutes(1));

    /** @param status what is reported of the entry until it is tried again */
    private record Refusal(EntryStatus status, Backoff backoff) {}

    private final Map<DesiredEntry, Refusal> refusals = new HashMap<>();

    void accepted(DesiredEntry entry) {
        refusals.remove(entry);
    }

    void refused(DesiredEntry entry, EntryStatus status, Instant now) {
        Refusal former = refusals.get(entry);
        Backoff backoff = former == null ? NONE_YET : former.backoff();
        refusals.put(entry, new Refusal(status, backoff.failed(now)));
        if (former == null || !former.status().equals(status)) {
            LOG.warnf("%s is not in force: %s", entry.name(), status.message());
        }
    }

    /** Entries that are not asked for again yet, with what is reported of them. */
    Map<DesiredEntry, EntryStatus> heldBack(Instant now) {
        Map<DesiredEntry, EntryStatus> heldBack = new HashMap<>();
        refusals.forEach((entry, refusal) -> {
            if (!refusal.backoff().isDue(now)) {
                heldBack.put(entry, refusal.status());
            }
        });
        return heldBack;
    }

    /** When entries are due to be asked for again; some may be overdue. */
    Stream<Instant> due() {
        return refusals.values().stream().flatMap(refusal -> refusal.backoff().due().stream());
    }

    /** Forgets those that are not desired any more, or not in this form. */
    void keepOnly(Desired desired) {
        if (refusals.isEmpty()) {
            return;
        }
        Set<DesiredEntry> entries = new HashSet<>(desired.sas().values());
        entries.addAll(desired.policies().values());
        refusals.keySet().retainAll(entries);
    }

    /** Forgets all, so that each is asked for at once; returns which these were. */
    Set<DesiredEntry> forgetAll() {
        Set<DesiredEntry> entries = Set.copyOf(refusals.keySet());
        refusals.clear();
        return entries;
    }

    boolean isEmpty() {
        return refusals.isEmpty();
    }
}
