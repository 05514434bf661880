package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.Observed;

/**
 * All that a plan was made of. Each part is an immutable value, which its owner replaces only if something changed; so that
 * two are the same shows without going through ten thousand entries.
 *
 * @param keys another number whenever what is known of a key may have changed
 */
record PlanBasis(
        Observed observed,
        Desired desired,
        Journal journal,
        KeyLedger ledger,
        KernelHistory history,
        long keys,
        KernelInfo facts) {

    boolean isSame(PlanBasis other) {
        return observed == other.observed
                && desired == other.desired
                && journal == other.journal
                && ledger == other.ledger
                && history == other.history
                && keys == other.keys
                && facts.equals(other.facts);
    }
}
