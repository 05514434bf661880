package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.Origin;
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
 * Finds the desired entries that a repair has to decide about, by id and by need, without going through all of them.
 *
 * <p>What is decided about an entry depends on the entries with the same id; about a policy that is not in force as it is
 * desired, on the SAs that it needs too. That is all, under two conditions, without which the agent looks at everything
 * ({@code KernelReconciler.repair}): there are no orphans, that is, entries of ours that are not desired any more; and none
 * of the SAs has a mark, because the kernel finds an SA without a mark for every mark, so one SA can hide another.
 */
public final class RepairIndex {

    /** Policies with one need, and the SAs that may meet it. */
    private record Flow(List<DesiredSa> sas, List<PolicyKey> policies) {}

    /** Policies that cover the way to the API server. */
    private record Covering(ApiServerWay way, Map<PolicyKey, DesiredPolicy> policies) {}

    private final Map<PolicyKey, DesiredPolicy> wantedPolicies;
    private final Map<SaId, List<DesiredSa>> sas = new HashMap<>();
    private final Map<PolicyId, List<PolicyKey>> policies = new HashMap<>();
    /** Only the needs that a desired policy has. */
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

    /** Whether the status of an entry may change though nothing happens: an SA with a soft limit in seconds comes to it. */
    public boolean dependsOnTime() {
        return dependsOnTime;
    }

    public boolean has(SaId id) {
        return sas.containsKey(id);
    }

    /** The desired SAs with this id: more than one if several objects declare it. */
    public List<DesiredSa> desired(SaId id) {
        return sas.getOrDefault(id, List.of());
    }

    public boolean has(PolicyId id) {
        return policies.containsKey(id);
    }

    /**
     * The same ids, those of policies that waited for one of these SAs according to the last plan, and those of the policies
     * that keep the way to the API server open.
     */
    public EntryIds withWaiting(EntryIds ids, Plan last) {
        Set<PolicyId> more = new HashSet<>(ids.policies());
        more.addAll(last.bypasses());
        ids.sas().stream()
                .flatMap(id -> desired(id).stream())
                .flatMap(this::flows)
                .flatMap(flow -> flow.policies().stream())
                .filter(key -> isPending(last.policies().get(key)))
                .forEach(key -> more.add(wantedPolicies.get(key).policy().id()));
        return new EntryIds(ids.sas(), more);
    }

    /**
     * The input of a decision about the entries with these ids only.
     *
     * @param whole the input of a decision about all, without what was observed
     * @param observed what the kernel has with these ids
     * @param last the last plan: it tells which SAs a policy waits for among those that are not decided about
     */
    public DecisionInput part(EntryIds ids, DecisionInput whole, Observed observed, Plan last) {
        Map<PolicyKey, DesiredPolicy> somePolicies = new LinkedHashMap<>();
        ids.policies()
                .forEach(id -> policies.getOrDefault(id, List.of())
                        .forEach(key -> somePolicies.put(key, wantedPolicies.get(key))));
        Desired all = whole.desired();
        return new DecisionInput(
                new Desired(all.slices(), sas(ids, all), somePolicies, all.unfitSas(), all.unfitPolicies()),
                observed,
                whole.journal().only(ids),
                whole.ledger(),
                whole.history(),
                whole.keys(),
                whole.refused(),
                elsewhere(ids, somePolicies, last, whole.facts().apiServer()),
                whole.acquires(),
                whole.facts(),
                whole.at());
    }

    /** In the order of the plan, because of two SAs with one key the first gets it. */
    private Map<Origin, DesiredSa> sas(EntryIds ids, Desired all) {
        Map<Origin, DesiredSa> some = new LinkedHashMap<>();
        ids.sas().forEach(id -> desired(id).forEach(wanted -> some.put(wanted.origin(), wanted)));
        if (some.size() < 2) {
            return some;
        }
        Map<Origin, DesiredSa> inOrder = new LinkedHashMap<>();
        all.sas().forEach((origin, wanted) -> {
            if (some.containsKey(origin)) {
                inOrder.put(origin, wanted);
            }
        });
        return inOrder;
    }

    private Map<DesiredEntry, EntryStatus> elsewhere(
            EntryIds ids, Map<PolicyKey, DesiredPolicy> somePolicies, Plan last, ApiServerWay way) {
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
                .filter(sa -> !ids.sas().contains(sa.sa().id()))
                .forEach(sa -> Optional.ofNullable(last.sas().get(sa.origin()))
                        .ifPresent(status -> elsewhere.put(sa, status)));
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

    private static boolean isPending(EntryStatus status) {
        return status != null && status.state() == EntryState.Pending;
    }

    private static <T> List<T> both(List<T> some, List<T> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }
}
