package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.PolicyId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What the rules about policies look up. For one plan. */
final class PolicyFacts {

    private final DecisionInput now;
    private final NeededSas sas;
    private final Map<PolicyId, DesiredPolicy> claimants;

    PolicyFacts(DecisionInput now, NeededSas sas) {
        this.now = now;
        this.sas = sas;
        this.claimants = claimants(now);
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

    DecisionInput now() {
        return now;
    }

    NeededSas sas() {
        return sas;
    }

    boolean isClaimed(PolicyId id) {
        return claimants.containsKey(id);
    }

    /** Who has, or gets, the place of this one. */
    DesiredPolicy claimant(DesiredPolicy wanted) {
        return claimants.get(wanted.policy().id());
    }

    Optional<Endpoint> covered(DesiredPolicy wanted) {
        return now.facts().apiServer().coveredBy(wanted.policy());
    }

    Optional<ObservedPolicy> there(DesiredPolicy wanted) {
        return Optional.ofNullable(now.observed().policies().get(wanted.policy().id()));
    }

    Optional<OwnedPolicy> owned(DesiredPolicy wanted) {
        return Optional.ofNullable(now.journal().policies().get(wanted.policy().id()));
    }

    boolean isLive(OwnedPolicy owned) {
        ObservedPolicy there = now.observed().policies().get(owned.id());
        return there != null && now.witness().isOurs(owned, there);
    }

    /** Somebody changed our policy in its place. */
    boolean isChangedByOthers(DesiredPolicy wanted) {
        return now.witness().changedPolicies().contains(wanted.policy().id());
    }

    /** The SA that the kernel asked for when a packet was selected, and that is not there. */
    Optional<WantedSa> missing(DesiredPolicy wanted) {
        PolicyId id = wanted.policy().id();
        return now.acquires()
                .of(id, now.at())
                .flatMap(acquire -> wanted.policy().templates().stream()
                        .map(template ->
                                new WantedSa(template, id, wanted.policy().offload(), acquire))
                        .filter(missing -> !missing.isThere(now.observed()))
                        .findFirst());
    }

    boolean isReportedInThisBoot(PolicyKey key, DesiredPolicy wanted) {
        return Optional.ofNullable(now.desired().slices().get(wanted.slice()))
                .flatMap(Slice::status)
                .filter(status -> now.facts().boot().equals(status.boot()))
                .filter(status -> status.securityPolicies().stream()
                        .anyMatch(report -> report.state() == EntryState.Installed
                                && key.equals(new PolicyKey(report.uid(), report.direction()))))
                .isPresent();
    }
}
