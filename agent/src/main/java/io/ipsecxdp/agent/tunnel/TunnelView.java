package io.ipsecxdp.agent.tunnel;

import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.ACCEPTS;
import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.NO_POLICY;
import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.REQUIRES;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.plan.ToKernel;
import io.ipsecxdp.agent.tunnel.PairPolicies.Receiving;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Template;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the kernel has of tunnels, and this agent installed: read back. */
record TunnelView(Map<TunnelSa, ObservedSa> sas, Map<PolicyKey, ObservedPolicy> policies) {

    /** What the journal has for the NodePlan of an entry; no NodePlan has such a name. */
    static final String SLICE = "(tunnels)";

    static TunnelView of(Journal journal, Observed observed, KernelHistory history) {
        Map<TunnelSa, ObservedSa> sas = new HashMap<>();
        journal.sas().values().stream()
                .filter(owned -> owned.slice().equals(SLICE))
                .forEach(owned -> Optional.ofNullable(observed.sas().get(owned.id()))
                        .filter(there -> history.isOurs(owned, there))
                        .ifPresent(there -> TunnelSa.of(owned.origin()).ifPresent(sa -> sas.put(sa, there))));
        Map<PolicyKey, ObservedPolicy> policies = new HashMap<>();
        journal.policies().values().stream()
                .filter(owned -> owned.slice().equals(SLICE))
                .forEach(owned -> Optional.ofNullable(observed.policies().get(owned.id()))
                        .filter(there -> history.isOurs(owned, there))
                        .ifPresent(there -> policies.put(
                                new PolicyKey(
                                        owned.origin(),
                                        ToKernel.planned(owned.id().direction())),
                                there)));
        return new TunnelView(Map.copyOf(sas), Map.copyOf(policies));
    }

    /** And what was recognised besides. */
    TunnelView with(Recognition recognised) {
        Map<TunnelSa, ObservedSa> allSas = new HashMap<>(recognised.sas());
        allSas.putAll(sas);
        Map<PolicyKey, ObservedPolicy> allPolicies = new HashMap<>(recognised.policies());
        allPolicies.putAll(policies);
        return new TunnelView(Map.copyOf(allSas), Map.copyOf(allPolicies));
    }

    boolean isEmpty() {
        return sas.isEmpty() && policies.isEmpty();
    }

    /** Whether it has something of a tunnel. */
    boolean has(String tunnel) {
        return sas.keySet().stream().anyMatch(sa -> sa.pair().tunnel().equals(tunnel))
                || policies.keySet().stream().anyMatch(key -> key.origin().uid().equals(tunnel));
    }

    /** SAs that have encrypted all that a key of their tunnel should. */
    Set<TunnelSa> worn(List<Membership> tunnels) {
        Map<String, Long> most = tunnels.stream()
                .collect(Collectors.toMap(
                        Membership::uid, tunnel -> tunnel.planned().rekeyBytes()));
        return sas.entrySet().stream()
                .filter(entry -> entry.getKey().outbound())
                .filter(entry -> most.containsKey(entry.getKey().pair().tunnel()))
                .filter(entry -> KeyWear.isWorn(
                        entry.getValue(), most.get(entry.getKey().pair().tunnel())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Of each pair. */
    Map<TunnelPair, PairPolicies> policies(List<Membership> tunnels) {
        Map<TunnelPair, PairPolicies> policies = new HashMap<>();
        tunnels.forEach(tunnel -> tunnel.others()
                .forEach(peer ->
                        policies.put(tunnel.pair(peer), policies(new PairTraffic(tunnel, peer), tunnel.isOn(peer)))));
        return policies;
    }

    /** Of a pair that is to be on, what holds for all its traffic; of one that is to be off, what holds for some of it. */
    private PairPolicies policies(PairTraffic pair, boolean on) {
        List<Origin> origins = pair.kinds().stream()
                .map(kind -> new Origin(pair.tunnel().uid(), pair.child(kind)))
                .toList();
        List<Optional<ObservedPolicy>> out =
                origins.stream().map(origin -> at(origin, PolicyDirection.Out)).toList();
        List<Optional<ObservedPolicy>> in = origins.stream()
                .flatMap(origin -> pair.receiving().stream().map(direction -> at(origin, direction)))
                .toList();
        if (on) {
            boolean complete = !in.isEmpty() && in.stream().allMatch(Optional::isPresent);
            boolean required = in.stream().allMatch(TunnelView::isRequired);
            return new PairPolicies(
                    !out.isEmpty() && out.stream().allMatch(Optional::isPresent),
                    complete ? required ? REQUIRES : ACCEPTS : NO_POLICY);
        }
        return new PairPolicies(out.stream().anyMatch(Optional::isPresent), some(in));
    }

    private static Receiving some(List<Optional<ObservedPolicy>> in) {
        if (in.stream().anyMatch(TunnelView::isRequired)) {
            return REQUIRES;
        }
        return in.stream().anyMatch(Optional::isPresent) ? ACCEPTS : NO_POLICY;
    }

    private Optional<ObservedPolicy> at(Origin origin, PolicyDirection direction) {
        return Optional.ofNullable(policies.get(new PolicyKey(origin, direction)));
    }

    private static boolean isRequired(Optional<ObservedPolicy> policy) {
        return policy.stream()
                .flatMap(there -> there.templates().stream())
                .anyMatch(template -> template.level() == Template.Level.REQUIRED);
    }
}
