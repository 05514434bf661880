package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which of the wanted entries a place in SAD or SPD concerns, without going through all of them. What is decided about
 * an entry depends on the others in its place, and about a policy that is not in force as it is wanted on the SAs that it
 * needs; on nothing else, as long as none of ours is in a place that no entry has, and no SA has a mark: an SA without one is in
 * the way of all others.
 */
public final class RepairIndex {

    /** Policies with one need, and the SAs that may meet it. */
    private record Flow(List<DesiredSa> sas, List<PolicyKey> policies) {}

    /** Policies that cover the way to the API server. */
    private record Covering(ApiServerWay way, Map<PolicyKey, DesiredPolicy> policies) {}

    private final Map<PolicyKey, DesiredPolicy> wantedPolicies;
    private final Map<SaId, List<DesiredSa>> sas = new HashMap<>();
    private final Map<PolicyId, List<PolicyKey>> policies = new HashMap<>();
    /** As far as a policy has the need. */
    private final Map<SaNeed.Key, Flow> flows = new HashMap<>();

    private final boolean dependsOnTime;
    private Optional<Covering> covering = Optional.empty();

    public RepairIndex(Desired desired) {
        this.wantedPolicies = desired.policies();
        wantedPolicies.forEach((key, wanted) -> {
            policies.merge(wanted.policy().id(), List.of(key), RepairIndex::both);
            SaNeed.of(wanted.policy())
                    .map(SaNeed::key)
                    .distinct()
                    .forEach(need -> flows.computeIfAbsent(need, same -> new Flow(new ArrayList<>(), new ArrayList<>()))
                            .policies()
                            .add(key));
        });
        desired.sas().values().forEach(wanted -> {
            sas.merge(wanted.sa().id(), List.of(wanted), RepairIndex::both);
            flows(wanted).forEach(flow -> flow.sas().add(wanted));
        });
        dependsOnTime = desired.sas().values().stream()
                .map(wanted -> wanted.sa().options().lifetime())
                .anyMatch(lifetime -> lifetime.secondsSinceAdd().soft() != 0
                        || lifetime.secondsSinceUse().soft() != 0);
    }

    /** Whether how an entry stands may change by time alone. */
    public boolean dependsOnTime() {
        return dependsOnTime;
    }

    public boolean has(SaId id) {
        return sas.containsKey(id);
    }

    /** Those that are wanted in this place. */
    public List<DesiredSa> wanted(SaId id) {
        return sas.getOrDefault(id, List.of());
    }

    public boolean has(PolicyId id) {
        return policies.containsKey(id);
    }

    /** With the policies that wait for one of the SAs, and those that keep the way to the API server open. */
    public EntryIds withWaiting(EntryIds concern, Plan last) {
        Set<PolicyId> more = new HashSet<>(concern.policies());
        more.addAll(last.bypasses());
        concern.sas().stream()
                .flatMap(id -> wanted(id).stream())
                .flatMap(this::flows)
                .flatMap(flow -> flow.policies().stream())
                .filter(key -> isPending(last.policies().get(key)))
                .forEach(key -> more.add(wantedPolicies.get(key).policy().id()));
        return new EntryIds(concern.sas(), more);
    }

    /**
     * The situation with the entries of these places only.
     *
     * @param whole as it is, but for what the kernel has
     * @param observed what the kernel has in these places
     * @param last how all entries stood before
     */
    public DecisionInput part(EntryIds concern, DecisionInput whole, Observed observed, Plan last) {
        Map<PolicyKey, DesiredPolicy> somePolicies = new LinkedHashMap<>();
        concern.policies()
                .forEach(id -> policies.getOrDefault(id, List.of())
                        .forEach(key -> somePolicies.put(key, wantedPolicies.get(key))));
        Desired all = whole.desired();
        return new DecisionInput(
                new Desired(all.slices(), sas(concern, all), somePolicies, all.unfitSas(), all.unfitPolicies()),
                observed,
                whole.journal().only(concern),
                whole.ledger(),
                whole.witness(),
                whole.keys(),
                whole.refused(),
                elsewhere(concern, somePolicies, last, whole.facts().apiServer()),
                whole.acquires(),
                whole.facts(),
                whole.at());
    }

    /** In the order of the plan: of two with one key, the first gets it. */
    private Map<String, DesiredSa> sas(EntryIds concern, Desired all) {
        Map<String, DesiredSa> some = new LinkedHashMap<>();
        concern.sas().forEach(id -> wanted(id).forEach(wanted -> some.put(wanted.uid(), wanted)));
        if (some.size() < 2) {
            return some;
        }
        Map<String, DesiredSa> inOrder = new LinkedHashMap<>();
        all.sas().forEach((uid, wanted) -> {
            if (some.containsKey(uid)) {
                inOrder.put(uid, wanted);
            }
        });
        return inOrder;
    }

    private Map<DesiredEntry, EntryStatus> elsewhere(
            EntryIds concern, Map<PolicyKey, DesiredPolicy> somePolicies, Plan last, ApiServerWay way) {
        Map<DesiredEntry, EntryStatus> elsewhere = new HashMap<>();
        covering(way).forEach((key, policy) -> {
            if (!somePolicies.containsKey(key)) {
                elsewhere.put(policy, last.policies().get(key));
            }
        });
        somePolicies.values().stream()
                .flatMap(wanted -> SaNeed.of(wanted.policy()))
                .map(SaNeed::key)
                .distinct()
                .flatMap(need -> flows.get(need).sas().stream())
                .filter(sa -> !concern.sas().contains(sa.sa().id()))
                .forEach(sa ->
                        Optional.ofNullable(last.sas().get(sa.uid())).ifPresent(status -> elsewhere.put(sa, status)));
        return elsewhere;
    }

    private Map<PolicyKey, DesiredPolicy> covering(ApiServerWay way) {
        if (covering.filter(known -> known.way().equals(way)).isEmpty()) {
            Map<PolicyKey, DesiredPolicy> policies = new LinkedHashMap<>();
            wantedPolicies.forEach((key, wanted) -> {
                if (way.coveredBy(wanted.policy()).isPresent()) {
                    policies.put(key, wanted);
                }
            });
            covering = Optional.of(new Covering(way, policies));
        }
        return covering.get().policies();
    }

    private Stream<Flow> flows(DesiredSa sa) {
        return SaNeed.metBy(sa.sa()).stream().map(flows::get).filter(Objects::nonNull);
    }

    private static boolean isPending(EntryStatus standing) {
        return standing != null && standing.state() == EntryState.Pending;
    }

    private static <T> List<T> both(List<T> some, List<T> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }
}
