package io.ipsecxdp.agent.report;

import static java.util.stream.Collectors.toMap;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.plan.ToKernel;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.PolicyReport;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.crds.SteeringReport;
import io.ipsecxdp.crds.TunnelReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the node has, as it was read back from the kernel.
 *
 * @param slices that were known then
 * @param keyFingerprints what is the same for equal keys on all nodes, as far as it is known
 * @param usedKeys origins of the SAs that were installed here once
 * @param leavingSas SAs that are no longer planned, and that the kernel has or may have
 * @param leavingPolicies the same for policies
 * @param tunnels by the uid of the Tunnel
 */
public record PlanReport(
        String boot,
        List<Slice> slices,
        Map<Origin, EntryStatus> sas,
        Map<PolicyKey, EntryStatus> policies,
        Map<InterfaceStatus.Key, InterfaceStatus> steering,
        Map<Origin, String> keyFingerprints,
        Set<Origin> usedKeys,
        List<OwnedSa> leavingSas,
        List<OwnedPolicy> leavingPolicies,
        Map<String, TunnelReport> tunnels) {

    static final EntryStatus NOT_YET = EntryStatus.pending("It is looked at in a moment.");

    private static final EntryStatus LEAVING = EntryStatus.pending("It is no longer planned, and is being removed.");

    /** What is reported of an entry that the plan does not list has no generation. */
    private static final long UNPLANNED = 0;

    /** The same when the agent cannot do its work. */
    public PlanReport whileAgentIs(Failing failing) {
        Map<Origin, EntryStatus> sasNow = new HashMap<>();
        Map<PolicyKey, EntryStatus> policiesNow = new HashMap<>();
        for (Slice slice : slices) {
            slice.spec().securityAssociations().forEach(sa -> sasNow.put(origin(sa), failing.instead(standing(sa))));
            slice.spec()
                    .securityPolicies()
                    .forEach(policy -> policiesNow.put(PolicyKey.of(policy), failing.instead(standing(policy))));
        }
        return new PlanReport(
                boot,
                slices,
                sasNow,
                policiesNow,
                steering,
                keyFingerprints,
                usedKeys,
                leavingSas,
                leavingPolicies,
                reported().whileAgentIs(failing, slices));
    }

    /**
     * The status of one slice.
     *
     * @param previous what was reported last
     */
    public NodePlanStatus status(Slice slice, Optional<NodePlanStatus> previous, Instant now) {
        NodePlanSpec spec = slice.spec();
        StateCounts tally = new StateCounts();
        count(spec, tally);
        List<SaReport> saReports = new ArrayList<>();
        Set<Origin> usedBefore = new HashSet<>();
        Map<Origin, String> fingerprints = new HashMap<>();
        // An agent that has begun a moment ago has not read the keys of SAs that are in force
        previous.ifPresent(status -> status.securityAssociations().stream()
                .filter(report -> report.keyFingerprint() != null)
                .forEach(report ->
                        fingerprints.put(Origin.of(report.uid(), report.childName()), report.keyFingerprint())));
        fingerprints.putAll(keyFingerprints);
        previous.ifPresent(status -> status.securityAssociations().stream()
                .filter(SaReport::wasInstalled)
                .forEach(report -> usedBefore.add(Origin.of(report.uid(), report.childName()))));
        for (PlannedSa sa : spec.securityAssociations()) {
            EntryStatus standing = standing(sa);
            boolean used = usedKeys.contains(origin(sa)) || usedBefore.contains(origin(sa)) || sa.wasInstalled();
            saReports.add(new SaReport(
                    sa.name(),
                    sa.uid(),
                    sa.generation(),
                    standing.state(),
                    standing.reason().name(),
                    standing.message(),
                    used ? true : null,
                    sa.child(),
                    sa.spi(),
                    sa.source(),
                    sa.destination(),
                    fingerprints.get(origin(sa))));
        }
        // The other end keeps its own part until this one is gone
        leavingSas.stream()
                .filter(owned -> owned.slice().equals(slice.name())
                        && spec.securityAssociations().stream()
                                .noneMatch(sa -> sa.name().equals(owned.name())
                                        && sa.childName().equals(owned.origin().childName())))
                .collect(toMap(
                        owned -> owned.name() + "/" + owned.origin().child(),
                        owned -> owned,
                        (one, other) -> one,
                        TreeMap::new))
                .forEach((key, owned) -> saReports.add(new SaReport(
                        owned.name(),
                        owned.origin().uid(),
                        UNPLANNED,
                        LEAVING.state(),
                        LEAVING.reason().name(),
                        LEAVING.message(),
                        true,
                        owned.origin().childName().orElse(null),
                        owned.id().spi(),
                        owned.source().getHostAddress(),
                        owned.id().destination().getHostAddress(),
                        null)));
        List<PolicyReport> policyReports = new ArrayList<>();
        for (PlannedPolicy policy : spec.securityPolicies()) {
            EntryStatus standing = standing(policy);
            policyReports.add(new PolicyReport(
                    policy.name(),
                    policy.direction(),
                    policy.uid(),
                    policy.generation(),
                    standing.state(),
                    standing.reason().name(),
                    standing.message(),
                    policy.child(),
                    policy.selectorSource(),
                    policy.selectorDestination(),
                    policy.template(),
                    policy.former()));
        }
        leavingPolicies.stream()
                .filter(owned -> owned.slice().equals(slice.name())
                        && spec.securityPolicies().stream()
                                .noneMatch(policy -> policy.name().equals(owned.name())
                                        && policy.childName()
                                                .equals(owned.origin().childName())
                                        && policy.direction()
                                                == ToKernel.planned(owned.id().direction())))
                .collect(toMap(
                        owned -> "%s/%s/%s"
                                .formatted(
                                        owned.name(),
                                        owned.origin().child(),
                                        owned.id().direction()),
                        owned -> owned,
                        (one, other) -> one,
                        TreeMap::new))
                .forEach((key, owned) -> policyReports.add(new PolicyReport(
                        owned.name(),
                        ToKernel.planned(owned.id().direction()),
                        owned.origin().uid(),
                        UNPLANNED,
                        LEAVING.state(),
                        LEAVING.reason().name(),
                        LEAVING.message(),
                        owned.origin().childName().orElse(null),
                        owned.id().selector().source().toString(),
                        owned.id().selector().destination().toString(),
                        null,
                        null)));
        List<SteeringReport> steeringReports = new ArrayList<>();
        for (PlannedSteering planned : spec.steering()) {
            for (String name : planned.interfaces()) {
                InterfaceStatus steered = standing(planned, name);
                steeringReports.add(new SteeringReport(
                        planned.name(),
                        name,
                        planned.uid(),
                        planned.generation(),
                        steered.status().state(),
                        steered.status().reason().name(),
                        steered.status().message(),
                        steered.mode().orElse(null)));
            }
        }
        ConditionTimes conditions = new ConditionTimes(
                previous.map(NodePlanStatus::conditions).orElse(List.of()), Optional.of(slice.generation()), now);
        return new NodePlanStatus(
                slice.generation(),
                boot,
                tally.installed(),
                saReports,
                policyReports,
                steeringReports,
                tally.conditions(conditions),
                spec.tunnels().stream().map(reported()::of).toList());
    }

    /** All entries of all slices together. */
    public StateCounts tally() {
        StateCounts tally = new StateCounts();
        slices.forEach(slice -> count(slice.spec(), tally));
        return tally;
    }

    private void count(NodePlanSpec spec, StateCounts tally) {
        spec.securityAssociations().forEach(sa -> tally.add("SecurityAssociation " + sa.name(), standing(sa)));
        spec.securityPolicies().forEach(policy -> tally.add("SecurityPolicy " + policy.name(), standing(policy)));
        spec.tunnels()
                .forEach(tunnel ->
                        tally.add("Tunnel " + tunnel.name(), reported().standing(tunnel)));
        spec.steering()
                .forEach(planned -> planned.interfaces()
                        .forEach(name -> tally.add(
                                "SteeringPolicy %s on %s".formatted(planned.name(), name),
                                standing(planned, name).status())));
    }

    private ReportedTunnels reported() {
        return new ReportedTunnels(tunnels);
    }

    private static Origin origin(PlannedSa sa) {
        return Origin.of(sa.uid(), sa.childName());
    }

    private EntryStatus standing(PlannedSa sa) {
        return sas.getOrDefault(origin(sa), NOT_YET);
    }

    private EntryStatus standing(PlannedPolicy policy) {
        return policies.getOrDefault(PolicyKey.of(policy), NOT_YET);
    }

    private InterfaceStatus standing(PlannedSteering planned, String interfaceName) {
        return steering.getOrDefault(
                new InterfaceStatus.Key(planned.uid(), interfaceName), new InterfaceStatus(NOT_YET, Optional.empty()));
    }

    /** SAs in force, of all that are planned, such as {@code 12/12}. */
    public String installedSas() {
        List<PlannedSa> planned = slices.stream()
                .flatMap(slice -> slice.spec().securityAssociations().stream())
                .toList();
        long installed = planned.stream()
                .filter(sa -> standing(sa).state() == EntryState.Installed)
                .count();
        return "%d/%d".formatted(installed, planned.size());
    }
}
