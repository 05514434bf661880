package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.JournalChange.OwnSa;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.xfrm.Difference;
import io.ipsecxdp.xfrm.ObservedSa;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An SA that this agent installed for the object that still wants it, and that the kernel has. */
record OurSa(SaFacts facts, DesiredSa wanted, ObservedSa there, OwnedSa owned, List<Difference> differences) {

    /** Whether the Secret has another key by now. */
    boolean keyChanged() {
        Optional<KeyFingerprint> inSecret = facts.inSecret(wanted);
        return inSecret.isPresent() && owned.key().isPresent() && !inSecret.equals(owned.key());
    }

    /** The decision, after what was not known when the SA was installed is written down. */
    Decision written(Decision decision) {
        OwnedSa seen =
                wanted.owned(owned.key(), InstallTime.readBack(there.counters().added()));
        if (seen.equals(owned)) {
            return decision;
        }
        List<Action> actions = new ArrayList<>();
        actions.add(new Write(new OwnSa(seen)));
        actions.addAll(decision.actions());
        return new Decision(decision.status(), actions);
    }
}
