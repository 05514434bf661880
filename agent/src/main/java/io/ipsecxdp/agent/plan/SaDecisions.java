package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.JournalChange.DisownSa;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.AbsentSaRules.AbsentSa;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.RemoveSa;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.PresentSaRules.PresentSa;
import java.util.ArrayList;
import java.util.List;

/** Decides about the SAs of a node, one by one: {@link AbsentSaRules}, {@link PresentSaRules}. */
final class SaDecisions {

    private final DecisionInput now;
    private final SaFacts facts;

    SaDecisions(DecisionInput now) {
        this.now = now;
        this.facts = new SaFacts(now);
    }

    SaFacts facts() {
        return facts;
    }

    Decision about(DesiredSa wanted) {
        Decision decision = facts.there(wanted)
                .map(there -> PresentSaRules.CHAIN.decide(PresentSa.of(facts, wanted, there)))
                .orElseGet(() -> AbsentSaRules.CHAIN.decide(new AbsentSa(facts, wanted)));
        decision.actions().forEach(action -> {
            if (action instanceof InstallSa(DesiredSa sa, KeyFingerprint key, long last)) {
                facts.promise(sa, key);
            }
        });
        return decision;
    }

    /** What is ours and is not asked for. */
    List<OwnedSa> orphans() {
        return now.journal().sas().values().stream()
                .filter(owned -> !isAskedFor(owned))
                .toList();
    }

    /** What to do about it. */
    List<Action> removals(List<OwnedSa> orphans) {
        List<Action> actions = new ArrayList<>();
        for (OwnedSa owned : orphans) {
            if (!now.desired().knows(owned.slice())) {
                continue;
            }
            if (facts.isLive(owned)) {
                actions.add(new RemoveSa(owned));
            } else if (facts.isSettled(owned)) {
                actions.add(new Write(new DisownSa(owned.id())));
            }
        }
        return actions;
    }

    private boolean isAskedFor(OwnedSa owned) {
        if (now.desired().unfitSas().containsKey(owned.origin())) {
            return true;
        }
        DesiredSa wanted = now.desired().sas().get(owned.origin());
        return wanted != null && wanted.sa().id().equals(owned.id());
    }
}
