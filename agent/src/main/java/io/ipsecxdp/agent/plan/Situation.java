package io.ipsecxdp.agent.plan;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;

/**
 * All that a plan depends on.
 *
 * @param keys by the uid of the SA
 * @param refused what the kernel refused a short while ago and is not asked again yet
 * @param acquires SAs that the kernel misses
 * @param at the present time
 */
public record Situation(
        Desired desired,
        Observed observed,
        Journal journal,
        Ledger ledger,
        Witness witness,
        Map<String, KeyView> keys,
        Map<DesiredEntry, Standing> refused,
        Acquires acquires,
        Facts facts,
        Instant at) {

    public Situation {
        keys = Collections.unmodifiableMap(keys);
        refused = Collections.unmodifiableMap(refused);
    }

    KeyView key(DesiredSa sa) {
        return keys.getOrDefault(sa.uid(), new KeyView.NotRead());
    }
}
