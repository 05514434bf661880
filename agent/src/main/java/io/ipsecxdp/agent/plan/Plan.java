package io.ipsecxdp.agent.plan;

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
import io.ipsecxdp.agent.xfrm.PolicyDirection;
import io.ipsecxdp.agent.xfrm.SaDirection;
import io.ipsecxdp.agent.xfrm.SaId;
import io.ipsecxdp.crds.EntryState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What to do so that the kernel has what is wanted, and how every entry stands at this moment.
 *
 * @param actions in the order in which no packet is lost: what makes room, inbound SAs, outbound SAs, policies, and the
 *     reverse to remove
 * @param sas by uid
 */
public record Plan(List<Action> actions, Map<String, Standing> sas, Map<PolicyKey, Standing> policies) {

    public Plan {
        actions = List.copyOf(actions);
        sas = Collections.unmodifiableMap(sas);
        policies = Collections.unmodifiableMap(policies);
    }

    public static Plan of(Situation now) {
        List<Action> actions = new ArrayList<>();
        Map<String, Standing> sas = new HashMap<>();
        Map<PolicyKey, Standing> policies = new HashMap<>();
        Set<SaId> places = new HashSet<>();
        Map<Long, String> awaited = new HashMap<>();

        SaDecisions saDecisions = new SaDecisions(now);
        now.desired().sas().forEach((uid, wanted) -> {
            Decision decision = saDecisions.about(wanted);
            sas.put(uid, decision.standing());
            actions.addAll(decision.actions());
            places.add(wanted.sa().id());
            boolean installed = decision.actions().stream().anyMatch(InstallSa.class::isInstance);
            if (decision.standing().state() == EntryState.Pending && !installed) {
                awaited.put(wanted.sa().reqid(), wanted.name());
            }
        });
        now.desired().unfitSas().forEach(sas::put);

        PolicyDecisions policyDecisions = new PolicyDecisions(now);
        now.desired().policies().forEach((key, wanted) -> {
            Decision decision = policyDecisions.about(key, wanted, awaited);
            policies.put(key, decision.standing());
            actions.addAll(decision.actions());
        });
        now.desired().unfitPolicies().forEach(policies::put);

        actions.addAll(policyDecisions.leftovers());
        actions.addAll(saDecisions.leftovers());
        actions.sort(Comparator.comparingInt(action -> rank(action, places)));
        return new Plan(actions, sas, policies);
    }

    private static int rank(Action action, Set<SaId> places) {
        return switch (action) {
            case Write write -> 0;
            case WriteKey write -> 0;
            case ReadKey read -> 1;
            case RemoveSa(OwnedSa sa) when places.contains(sa.id()) -> 2;
            case InstallSa(DesiredSa sa, var key, var last) -> sa.outbound() ? 4 : 3;
            case ChangeLifetime change -> 3;
            case InstallPolicy(DesiredPolicy policy) -> sends(policy) ? 6 : 5;
            case ReplacePolicy(DesiredPolicy policy) -> sends(policy) ? 6 : 5;
            case RemovePolicy(OwnedPolicy policy) -> policy.id().direction() == PolicyDirection.OUT ? 7 : 8;
            case RemoveSa(OwnedSa sa) -> sa.direction() == SaDirection.OUT ? 9 : 10;
        };
    }

    private static boolean sends(DesiredPolicy wanted) {
        return wanted.policy().id().direction() == PolicyDirection.OUT;
    }
}
