package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.ledger.PersistentMap;
import io.ipsecxdp.agent.plan.Action.AdoptSa;
import io.ipsecxdp.agent.plan.Action.ChangeLifetime;
import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.agent.plan.Action.RemovePolicy;
import io.ipsecxdp.agent.plan.Action.RemoveSa;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.Action.WriteKey;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What to do so that the kernel has what is wanted, and how every entry stands at this moment.
 *
 * @param actions in the order in which no packet is lost: what makes room, inbound SAs, outbound SAs, policies, and the
 *     reverse to remove
 * @param sas by origin
 * @param bypasses places of the policies that nobody declared, and that keep the way to the API server open
 * @param orphans something is ours, or is waited for, under an id that no desired entry has
 */
public record Plan(
        List<Action> actions,
        Map<Origin, EntryStatus> sas,
        Map<PolicyKey, EntryStatus> policies,
        Set<PolicyId> bypasses,
        boolean orphans) {

    public Plan {
        actions = List.copyOf(actions);
        sas = PersistentMap.of(sas);
        policies = PersistentMap.of(policies);
        bypasses = Set.copyOf(bypasses);
    }

    /** How everything stands while the actions are under way. */
    public Plan withoutActions() {
        return new Plan(List.of(), sas, policies, bypasses, orphans);
    }

    /** How everything stands once a part of it was looked at again. */
    public Plan after(Plan part) {
        var sas = PersistentMap.of(this.sas).changes();
        part.sas().forEach(sas::put);
        var policies = PersistentMap.of(this.policies).changes();
        part.policies().forEach(policies::put);
        return new Plan(part.actions(), sas.done(), policies.done(), part.bypasses(), orphans || part.orphans());
    }

    public static Plan of(DecisionInput now) {
        List<Action> actions = new ArrayList<>();
        var sas = PersistentMap.<Origin, EntryStatus>empty().changes();
        var policies = PersistentMap.<PolicyKey, EntryStatus>empty().changes();
        Set<SaId> places = new HashSet<>();

        SaDecisions saDecisions = new SaDecisions(now);
        now.desired().sas().forEach((origin, wanted) -> {
            Decision decision = saDecisions.about(wanted);
            sas.put(origin, decision.status());
            actions.addAll(decision.actions());
            places.add(wanted.sa().id());
        });
        now.desired().unfitSas().forEach(sas::put);
        Map<Origin, EntryStatus> saStatuses = sas.done();

        PolicyDecisions policyDecisions =
                new PolicyDecisions(now, saDecisions.facts(), sa -> saStatuses.get(sa.origin()));
        now.desired().policies().forEach((key, wanted) -> {
            Decision decision = policyDecisions.about(key, wanted);
            policies.put(key, decision.status());
            actions.addAll(decision.actions());
        });
        now.desired().unfitPolicies().forEach(policies::put);

        actions.addAll(policyDecisions.bypasses().actions());

        List<OwnedPolicy> orphanPolicies = policyDecisions.orphans();
        List<OwnedSa> orphanSas = saDecisions.orphans();
        actions.addAll(policyDecisions.removals(orphanPolicies));
        actions.addAll(saDecisions.removals(orphanSas));
        actions.sort(Comparator.comparingInt(action -> rank(action, places)));
        return new Plan(
                actions,
                saStatuses,
                policies.done(),
                policyDecisions.bypasses().places(),
                !orphanSas.isEmpty() || !orphanPolicies.isEmpty());
    }

    private static int rank(Action action, Set<SaId> places) {
        return switch (action) {
            case Write write -> 0;
            case AdoptSa adopt -> 0;
            case WriteKey write -> 0;
            case ReadKey read -> 1;
            case RemoveSa(OwnedSa sa) when places.contains(sa.id()) -> 2;
            case InstallSa(DesiredSa sa, var key, var last) -> sa.outbound() ? 4 : 3;
            case ChangeLifetime change -> 3;
            case InstallPolicy(DesiredPolicy policy) -> sends(policy) ? 6 : 5;
            case ReplacePolicy(DesiredPolicy policy) -> sends(policy) ? 6 : 5;
            // Until what it stands before is gone
            case RemovePolicy(OwnedPolicy policy) when ApiServerBypasses.isBypass(policy) -> 11;
            case RemovePolicy(OwnedPolicy policy) -> policy.id().direction() == PolicyDir.OUT ? 7 : 8;
            case RemoveSa(OwnedSa sa) -> sa.direction() == SaDir.OUT ? 9 : 10;
        };
    }

    private static boolean sends(DesiredPolicy wanted) {
        return wanted.policy().id().direction() == PolicyDir.OUT;
    }
}
