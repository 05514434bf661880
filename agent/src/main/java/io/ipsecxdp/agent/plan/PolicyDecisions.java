package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.JournalChange.DisownPolicy;
import io.ipsecxdp.agent.ledger.JournalChange.OwnPolicy;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.agent.plan.Action.RemovePolicy;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Template;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Decides about the policies of a node, one by one. */
final class PolicyDecisions {

    private final DecisionInput now;
    private final Map<PolicyId, DesiredPolicy> claimants;
    private final Set<String> unnamed;

    PolicyDecisions(DecisionInput now) {
        this.now = now;
        this.claimants = claimants(now);
        this.unnamed = new HashSet<>();
        now.desired().unfitPolicies().keySet().forEach(key -> unnamed.add(key.uid()));
    }

    /** Of several policies with one identity, the one that has the place keeps it; else the first in the plan gets it. */
    private static Map<PolicyId, DesiredPolicy> claimants(DecisionInput now) {
        Map<PolicyId, DesiredPolicy> claimants = new HashMap<>();
        for (DesiredPolicy wanted : now.desired().policies().values()) {
            if (now.facts().apiServer().coveredBy(wanted.policy()).isPresent()) {
                continue;
            }
            OwnedPolicy owned = now.journal().policies().get(wanted.policy().id());
            boolean hasIt = owned != null && owned.uid().equals(wanted.uid());
            claimants.merge(wanted.policy().id(), wanted, (first, other) -> hasIt ? other : first);
        }
        return claimants;
    }

    /** @param awaited reqid to name of SAs that will be in force in a moment: a policy that needs one waits for it */
    Decision about(PolicyKey key, DesiredPolicy wanted, Map<Long, String> awaited) {
        Optional<Endpoint> covered = now.facts().apiServer().coveredBy(wanted.policy());
        if (covered.isPresent()) {
            return Decision.of(EntryStatus.failed(
                    Reason.CoversApiServer,
                    "Its selector covers the way to the API server, %s: with it in force, nothing could be changed any more. Narrow the selector by addresses, protocol or port."
                            .formatted(covered.get())));
        }
        DesiredPolicy claimant = claimants.get(wanted.policy().id());
        if (!claimant.uid().equals(wanted.uid())) {
            return Decision.of(EntryStatus.failed(
                    Reason.DuplicateSelector,
                    "The SecurityPolicy %s has the same selector and direction; the kernel keeps one of them."
                            .formatted(claimant.name())));
        }
        ObservedPolicy there = now.observed().policies().get(wanted.policy().id());
        return there == null ? absent(wanted, awaited) : present(key, wanted, there);
    }

    /** What is ours and is not asked for. */
    List<OwnedPolicy> strays() {
        return now.journal().policies().values().stream()
                .filter(owned -> !isAskedFor(owned))
                .toList();
    }

    /** What to do about it. */
    List<Action> leftovers(List<OwnedPolicy> strays) {
        List<Action> actions = new ArrayList<>();
        for (OwnedPolicy owned : strays) {
            if (!now.desired().knows(owned.slice())) {
                continue;
            }
            ObservedPolicy there = now.observed().policies().get(owned.id());
            boolean live = there != null && now.witness().isOurs(owned, there);
            actions.add(live ? new RemovePolicy(owned) : new Write(new DisownPolicy(owned.id())));
        }
        return actions;
    }

    private boolean isAskedFor(OwnedPolicy owned) {
        return claimants.containsKey(owned.id()) || unnamed.contains(owned.uid());
    }

    private Decision absent(DesiredPolicy wanted, Map<Long, String> awaited) {
        EntryStatus refused = now.refused().get(wanted);
        if (refused != null) {
            return Decision.of(refused);
        }
        // Before its SAs, a policy would drop what it is to protect
        Optional<String> sa = wanted.policy().templates().stream()
                .map(Template::reqid)
                .filter(awaited::containsKey)
                .map(awaited::get)
                .findFirst();
        return sa.map(name -> Decision.of(EntryStatus.pending("Waits for the SecurityAssociation %s.".formatted(name))))
                .orElseGet(() -> Decision.of(EntryStatus.pending("It is being installed."), new InstallPolicy(wanted)));
    }

    private Decision present(PolicyKey key, DesiredPolicy wanted, ObservedPolicy there) {
        OwnedPolicy owned = now.journal().policies().get(wanted.policy().id());
        OwnedPolicy seen = wanted.owned(InstallTime.readBack(there.counters().added()));
        boolean same = Differences.between(wanted.policy(), there).isEmpty();
        if (owned == null && same && isReportedInThisBoot(key, wanted)) {
            return Decision.of(inForce(wanted), new Write(new OwnPolicy(seen)));
        }
        if (owned == null || !now.witness().isOurs(owned, there)) {
            return Decision.of(EntryStatus.failed(
                    Reason.ForeignEntry,
                    "The kernel has a policy in this place that is not ours (%s, priority %d); it is left alone. Remove it, or choose another selector."
                            .formatted(there.id(), there.priority())));
        }
        if (!same) {
            EntryStatus refused = now.refused().get(wanted);
            return refused != null
                    ? Decision.of(refused)
                    : Decision.of(EntryStatus.pending("It is being replaced."), new ReplacePolicy(wanted));
        }
        EntryStatus inForce = inForce(wanted);
        return seen.equals(owned) ? Decision.of(inForce) : Decision.of(inForce, new Write(new OwnPolicy(seen)));
    }

    private EntryStatus inForce(DesiredPolicy wanted) {
        PolicyId id = wanted.policy().id();
        return now.acquires()
                .of(id, now.at())
                .flatMap(acquire -> wanted.policy().templates().stream()
                        .map(template ->
                                new WantedSa(template, id, wanted.policy().offload(), acquire))
                        .filter(missing -> !missing.isThere(now.observed()))
                        .findFirst())
                .map(missing ->
                        new EntryStatus(EntryState.Installed, Reason.NoSecurityAssociation, missing.sentence(now)))
                .orElseGet(() -> EntryStatus.installed("In force."));
    }

    private boolean isReportedInThisBoot(PolicyKey key, DesiredPolicy wanted) {
        return Optional.ofNullable(now.desired().slices().get(wanted.slice()))
                .flatMap(Slice::status)
                .filter(status -> now.facts().boot().equals(status.boot()))
                .filter(status -> status.securityPolicies().stream()
                        .anyMatch(report -> report.state() == EntryState.Installed
                                && key.equals(new PolicyKey(report.uid(), report.direction()))))
                .isPresent();
    }
}
