package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.ledger.PoliciesInForce;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.PolicyReport;
import io.ipsecxdp.crds.Reason;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the node must have in its SAD and SPD: all its slices together.
 *
 * @param slices by name
 * @param sas by origin
 * @param policies by what is unique to them
 * @param unfitSas by origin: entries that cannot be given to a kernel, or not now
 * @param unfitPolicies the same for policies
 */
public record Desired(
        Map<String, Slice> slices,
        Map<Origin, DesiredSa> sas,
        Map<PolicyKey, DesiredPolicy> policies,
        Map<Origin, EntryStatus> unfitSas,
        Map<PolicyKey, EntryStatus> unfitPolicies) {

    /** What is unique to a policy in a plan: one SecurityPolicy is up to two policies of a node. */
    public record PolicyKey(Origin origin, PolicyDirection direction) {

        public static PolicyKey of(PlannedPolicy planned) {
            return new PolicyKey(Origin.of(planned.uid(), planned.childName()), planned.direction());
        }

        static PolicyKey of(PolicyReport report) {
            return new PolicyKey(Origin.of(report.uid(), report.childName()), report.direction());
        }
    }

    /** No plan is known: nothing is asked for, and nothing is ordered away. */
    public static final Desired UNKNOWN = of(List.of(), Map.of());

    public Desired {
        slices = Collections.unmodifiableMap(slices);
        sas = Collections.unmodifiableMap(sas);
        policies = Collections.unmodifiableMap(policies);
        unfitSas = Collections.unmodifiableMap(unfitSas);
        unfitPolicies = Collections.unmodifiableMap(unfitPolicies);
    }

    /**
     * Merges the slices. Of an entry that two slices list, the slice with the first name has it.
     *
     * @param interfaces index of each interface of the node, by name
     */
    public static Desired of(Collection<Slice> slices, Map<String, Integer> interfaces) {
        ToKernel terms = new ToKernel(interfaces);
        Map<String, Slice> byName = new LinkedHashMap<>();
        Map<Origin, DesiredSa> sas = new LinkedHashMap<>();
        Map<PolicyKey, DesiredPolicy> policies = new LinkedHashMap<>();
        Map<Origin, EntryStatus> unfitSas = new LinkedHashMap<>();
        Map<PolicyKey, EntryStatus> unfitPolicies = new LinkedHashMap<>();
        slices.stream().sorted(Comparator.comparing(Slice::name)).forEach(slice -> {
            byName.put(slice.name(), slice);
            for (PlannedSa planned : slice.spec().securityAssociations()) {
                Origin origin = Origin.of(planned.uid(), planned.childName());
                try {
                    sas.putIfAbsent(origin, terms.sa(planned, slice.name()));
                } catch (RuntimeException e) {
                    unfitSas.put(origin, status(e));
                }
            }
            for (PlannedPolicy planned : slice.spec().securityPolicies()) {
                add(terms, planned, slice.name(), policies, unfitPolicies);
            }
        });
        return new Desired(byName, sas, policies, unfitSas, unfitPolicies);
    }

    /**
     * The policies alone, when no plan is known: there is nothing that this orders away.
     *
     * @param interfaces index of each interface of the node, by name
     */
    public static Desired of(PoliciesInForce held, Map<String, Integer> interfaces) {
        ToKernel terms = new ToKernel(interfaces);
        Map<PolicyKey, DesiredPolicy> policies = new LinkedHashMap<>();
        Map<PolicyKey, EntryStatus> unfit = new LinkedHashMap<>();
        held.policies().forEach(policy -> add(terms, policy.policy(), policy.slice(), policies, unfit));
        return new Desired(Map.of(), Map.of(), policies, Map.of(), unfit);
    }

    private static void add(
            ToKernel terms,
            PlannedPolicy planned,
            String slice,
            Map<PolicyKey, DesiredPolicy> policies,
            Map<PolicyKey, EntryStatus> unfit) {
        PolicyKey key = PolicyKey.of(planned);
        try {
            policies.putIfAbsent(key, terms.policy(planned, slice));
        } catch (RuntimeException e) {
            unfit.put(key, status(e));
        }
    }

    /** With the policies of one slice more, and SAs that no NodePlan lists. */
    public Desired with(Slice more, Map<Origin, DesiredSa> moreSas) {
        ToKernel terms = new ToKernel(Map.of());
        Map<String, Slice> allSlices = new LinkedHashMap<>(slices);
        allSlices.put(more.name(), more);
        Map<Origin, DesiredSa> allSas = new LinkedHashMap<>(sas);
        allSas.putAll(moreSas);
        Map<PolicyKey, DesiredPolicy> allPolicies = new LinkedHashMap<>(policies);
        Map<PolicyKey, EntryStatus> unfit = new LinkedHashMap<>(unfitPolicies);
        more.spec().securityPolicies().forEach(planned -> add(terms, planned, more.name(), allPolicies, unfit));
        return new Desired(allSlices, allSas, allPolicies, unfitSas, unfit);
    }

    /** The same entries, with what is reported of them now. */
    public Desired withReports(Collection<Slice> slices) {
        Map<String, Slice> byName = new LinkedHashMap<>();
        slices.stream().sorted(Comparator.comparing(Slice::name)).forEach(slice -> byName.put(slice.name(), slice));
        return new Desired(byName, sas, policies, unfitSas, unfitPolicies);
    }

    /** The operator remembers that the SA was installed here, by this agent or by one whose node had this name. */
    boolean isRememberedAsUsed(DesiredSa sa) {
        return slices.get(sa.slice()).spec().securityAssociations().stream()
                .filter(PlannedSa::wasInstalled)
                .anyMatch(
                        planned -> Origin.of(planned.uid(), planned.childName()).equals(sa.origin()));
    }

    /** The entry's slice is known here, so that what it does not list is ordered away. */
    boolean knows(String slice) {
        return slices.containsKey(slice);
    }

    /** Whether an entry asks for what is ours. */
    public boolean lists(OwnedSa owned) {
        return sas.containsKey(owned.origin()) || unfitSas.containsKey(owned.origin());
    }

    /** Whether an entry asks for what is ours. */
    public boolean lists(OwnedPolicy owned) {
        PolicyKey key =
                new PolicyKey(owned.origin(), ToKernel.planned(owned.id().direction()));
        return policies.containsKey(key) || unfitPolicies.containsKey(key);
    }

    /** Whether some entry depends on an interface. */
    public static boolean namesInterfaces(Collection<Slice> slices) {
        return slices.stream()
                .map(Slice::spec)
                .anyMatch(spec -> spec.securityAssociations().stream()
                                .anyMatch(sa -> sa.hardware().isPresent())
                        || spec.securityPolicies().stream()
                                .anyMatch(policy -> policy.onlyInterface().isPresent()
                                        || policy.hardware().isPresent()));
    }

    private static EntryStatus status(RuntimeException e) {
        return switch (e) {
            case ToKernel.NoSuchInterfaceException missing ->
                new EntryStatus(EntryState.Pending, Reason.InterfaceNotFound, missing.getMessage());
            case IllegalArgumentException invalid -> invalid(invalid.getMessage());
            case NullPointerException incomplete -> invalid("the planned entry lacks a field that this agent needs");
            default -> throw e;
        };
    }

    private static EntryStatus invalid(String sentence) {
        return EntryStatus.failed(Reason.Invalid, "No kernel takes this entry: " + sentence + ".");
    }
}
