package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.JournalChange.DisownPolicy;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.plan.AbsentPolicyRules.AbsentPolicy;
import io.ipsecxdp.agent.plan.Action.RemovePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.agent.plan.PresentPolicyRules.PresentPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Decides about the policies of a node, one by one: {@link AbsentPolicyRules}, {@link PresentPolicyRules}. */
final class PolicyDecisions {

    private final DecisionInput now;
    private final ApiServerBypasses bypasses;
    private final PolicyFacts facts;
    private final Set<Origin> unnamed;

    /** @param statuses how the SAs of this plan stand */
    PolicyDecisions(DecisionInput now, SaFacts sas, Function<DesiredSa, EntryStatus> statuses) {
        this.now = now;
        this.bypasses = new ApiServerBypasses(now);
        this.facts = new PolicyFacts(now, new NeededSas(now, sas, statuses), bypasses);
        this.unnamed = new HashSet<>();
        now.desired().unfitPolicies().keySet().forEach(key -> unnamed.add(key.origin()));
    }

    ApiServerBypasses bypasses() {
        return bypasses;
    }

    Decision about(PolicyKey key, DesiredPolicy wanted) {
        return facts.there(wanted)
                .map(there -> PresentPolicyRules.CHAIN.decide(PresentPolicy.of(facts, key, wanted, there)))
                .orElseGet(() -> AbsentPolicyRules.CHAIN.decide(new AbsentPolicy(facts, wanted)));
    }

    /** What is ours and is not asked for. */
    List<OwnedPolicy> orphans() {
        return now.journal().policies().values().stream()
                .filter(owned -> !isAskedFor(owned))
                .toList();
    }

    /** What to do about it. */
    List<Action> removals(List<OwnedPolicy> orphans) {
        List<Action> actions = new ArrayList<>();
        for (OwnedPolicy owned : orphans) {
            if (ApiServerBypasses.isBypass(owned)) {
                bypasses.leftover(owned).ifPresent(actions::add);
            } else if (now.desired().knows(owned.slice())) {
                actions.add(facts.isLive(owned) ? new RemovePolicy(owned) : new Write(new DisownPolicy(owned.id())));
            }
        }
        return actions;
    }

    private boolean isAskedFor(OwnedPolicy owned) {
        return facts.isClaimed(owned.id()) || bypasses.wants(owned.id()) || unnamed.contains(owned.origin());
    }
}
