package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyDirection;
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
 * @param sas by uid
 * @param policies by what is unique to them
 * @param invalidSas uid to sentence: entries that cannot be given to a kernel
 * @param invalidPolicies the same for policies
 */
public record Desired(
        Map<String, Slice> slices,
        Map<String, DesiredSa> sas,
        Map<PolicyKey, DesiredPolicy> policies,
        Map<String, String> invalidSas,
        Map<PolicyKey, String> invalidPolicies) {

    /** What is unique to a policy in a plan: one SecurityPolicy is up to two policies of a node. */
    public record PolicyKey(String uid, PolicyDirection direction) {}

    /** No plan is known: nothing is asked for, and nothing is ordered away. */
    public static final Desired UNKNOWN = of(List.of());

    public Desired {
        slices = Collections.unmodifiableMap(slices);
        sas = Collections.unmodifiableMap(sas);
        policies = Collections.unmodifiableMap(policies);
        invalidSas = Collections.unmodifiableMap(invalidSas);
        invalidPolicies = Collections.unmodifiableMap(invalidPolicies);
    }

    /** Merges the slices. Of an entry that two slices list, the slice with the first name has it. */
    public static Desired of(Collection<Slice> slices) {
        Map<String, Slice> byName = new LinkedHashMap<>();
        Map<String, DesiredSa> sas = new LinkedHashMap<>();
        Map<PolicyKey, DesiredPolicy> policies = new LinkedHashMap<>();
        Map<String, String> invalidSas = new LinkedHashMap<>();
        Map<PolicyKey, String> invalidPolicies = new LinkedHashMap<>();
        slices.stream().sorted(Comparator.comparing(Slice::name)).forEach(slice -> {
            byName.put(slice.name(), slice);
            for (PlannedSa planned : slice.spec().securityAssociations()) {
                try {
                    sas.putIfAbsent(planned.uid(), KernelTerms.sa(planned, slice.name()));
                } catch (IllegalArgumentException | NullPointerException e) {
                    invalidSas.put(planned.uid(), sentence(e));
                }
            }
            for (PlannedPolicy planned : slice.spec().securityPolicies()) {
                PolicyKey key = new PolicyKey(planned.uid(), planned.direction());
                try {
                    policies.putIfAbsent(key, KernelTerms.policy(planned, slice.name()));
                } catch (IllegalArgumentException | NullPointerException e) {
                    invalidPolicies.put(key, sentence(e));
                }
            }
        });
        return new Desired(byName, sas, policies, invalidSas, invalidPolicies);
    }

    /** The same entries, with what is reported of them now. */
    public Desired withReports(Collection<Slice> slices) {
        Map<String, Slice> byName = new LinkedHashMap<>();
        slices.stream().sorted(Comparator.comparing(Slice::name)).forEach(slice -> byName.put(slice.name(), slice));
        return new Desired(byName, sas, policies, invalidSas, invalidPolicies);
    }

    /** The entry's slice is known here, so that what it does not list is ordered away. */
    boolean knows(String slice) {
        return slices.containsKey(slice);
    }

    private static String sentence(RuntimeException e) {
        return e instanceof NullPointerException
                ? "the planned entry lacks a field that this agent needs"
                : e.getMessage();
    }
}
