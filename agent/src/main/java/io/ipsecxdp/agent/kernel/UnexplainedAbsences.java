package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.xfrm.SaId;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Our SAs that the kernel does not have, though no notification said so yet. Its notification has the last sequence number,
 * with which the key may be used on, so it is worth waiting for; but not for ever. For one thread.
 */
final class UnexplainedAbsences {

    /**
     * The kernel puts a notification into the socket before the command that caused it returns, so what takes time is the
     * way through our own threads.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Map<SaId, Instant> since = new HashMap<>();

    /** @param owned SAs of ours, each of which {@code observed} has if the kernel has it */
    void update(Collection<SaId> owned, Observed observed, KernelHistory history, Instant now) {
        for (SaId id : owned) {
            boolean unexplained = !observed.sas().containsKey(id)
                    && !history.goneSas().contains(id)
                    && !history.silentSas().contains(id);
            if (unexplained) {
                since.putIfAbsent(id, now);
            } else {
                since.remove(id);
            }
        }
    }

    void keepOnly(Set<SaId> owned) {
        since.keySet().retainAll(owned);
    }

    /** Those whose notification was waited for long enough; they are forgotten here. */
    Set<SaId> removeOverdue(Instant now) {
        Set<SaId> overdue = since.entrySet().stream()
                .filter(entry -> !now.isBefore(entry.getValue().plus(PATIENCE)))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        since.keySet().removeAll(overdue);
        return overdue;
    }

    /** When each has been waited for long enough. */
    Stream<Instant> due() {
        return since.values().stream().map(began -> began.plus(PATIENCE));
    }

    boolean isEmpty() {
        return since.isEmpty();
    }
}
