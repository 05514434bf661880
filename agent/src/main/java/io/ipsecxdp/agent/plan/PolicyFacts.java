package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What the rules about policies look up. For one plan. */
final class PolicyFacts {

    private final DecisionInput now;
    private final NeededSas sas;
    private final ApiServerBypasses bypasses;
    private final Map<PolicyId, DesiredPolicy> claimants;

    PolicyFacts(DecisionInput now, NeededSas sas, ApiServerBypasses bypasses) {
        this.now = now;
        this.sas = sas;
        this.bypasses = bypasses;
        this.claimants = claimants(now, bypasses);
    }

    /** Of several policies with one identity, the one that has the place keeps it; else the first in the plan gets it. */
    private static Map<PolicyId, DesiredPolicy> claimants(DecisionInput now, ApiServerBypasses bypasses) {
        Map<PolicyId, DesiredPolicy> claimants = new HashMap<>();
        for (DesiredPolicy wanted : now.desired().policies().values()) {
            OwnedPolicy owned = now.journal().policies().get(wanted.policy().id());
            if (owned == null && bypasses.obstacle(wanted.policy()).isPresent()) {
                continue;
            }
            boolean hasIt = owned != null && owned.origin().equals(wanted.origin());
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

    /** Who has, or gets, the place of this one; nobody if all are refused. */
    Optional<DesiredPolicy> claimant(DesiredPolicy wanted) {
        return Optional.ofNullable(claimants.get(wanted.policy().id()));
    }

    Optional<Endpoint> covered(DesiredPolicy wanted) {
        return now.facts().apiServer().coveredBy(wanted.policy());
    }

    /** What would cut the node off from its API server if the policy were in force, as a sentence with a remedy. */
    Optional<String> cutOff(DesiredPolicy wanted) {
        return bypasses.obstacle(wanted.policy())
                .map(obstacle ->
                        "Its selector covers the way to the API server, %s, and no bypass can stand before it: %s. Narrow the selector by addresses, protocol or port, or give it a priority above 0 and no offload."
                                .formatted(covered(wanted).orElseThrow(), obstacle));
    }

    /** Whether it may cut the node off, as it is not known where all API servers are. */
    boolean mayCutOff(Policy policy) {
        return now.facts().apiServer().mayBeCoveredBy(policy);
    }

    /** The endpoint whose bypass is not in force. */
    Optional<Endpoint> closed(DesiredPolicy wanted) {
        return covered(wanted).filter(endpoint -> !bypasses.areInForce(wanted.policy()));
    }

    Optional<ObservedPolicy> there(DesiredPolicy wanted) {
        return Optional.ofNullable(now.observed().policies().get(wanted.policy().id()));
    }

    Optional<OwnedPolicy> owned(DesiredPolicy wanted) {
        return Optional.ofNullable(now.journal().policies().get(wanted.policy().id()));
    }

    boolean isLive(OwnedPolicy owned) {
        ObservedPolicy there = now.observed().policies().get(owned.id());
        return there != null && now.history().isOurs(owned, there);
    }

    /** Somebody changed our policy in its place. */
    boolean isChangedByOthers(DesiredPolicy wanted) {
        return now.history().changedPolicies().contains(wanted.policy().id());
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
                        .anyMatch(report -> report.state() == EntryState.Installed && key.equals(PolicyKey.of(report))))
                .isPresent();
    }
}
