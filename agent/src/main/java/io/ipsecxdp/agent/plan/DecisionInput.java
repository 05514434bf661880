package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.Origin;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * All that a plan depends on. It may be about a part of the entries: then {@code observed} and {@code journal} need to
 * have no other places than those of that part.
 *
 * @param keys what is known of the key of an SA, by its origin
 * @param refused what the kernel refused a short while ago and is not asked again yet
 * @param elsewhere entries that are not among these, and that these depend on, with how they stood last
 * @param acquires SAs that the kernel misses
 * @param at the present time
 */
public record DecisionInput(
        Desired desired,
        Observed observed,
        Journal journal,
        KeyLedger ledger,
        KernelHistory history,
        Function<Origin, KeyView> keys,
        Map<DesiredEntry, EntryStatus> refused,
        Map<DesiredEntry, EntryStatus> elsewhere,
        Acquires acquires,
        KernelInfo facts,
        Instant at) {

    public DecisionInput {
        refused = Collections.unmodifiableMap(refused);
        elsewhere = Collections.unmodifiableMap(elsewhere);
    }

    KeyView key(DesiredSa sa) {
        return keys.apply(sa.origin());
    }

    /** What the kernel said when it refused the entry a short while ago. */
    Optional<Decision> refusal(DesiredEntry wanted) {
        return Optional.ofNullable(refused.get(wanted)).map(Decision::of);
    }
}
