package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.tunnel.TunnelMemory.SendingCpu;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a kernel has of tunnels that no journal knows, as the state folder was lost. An SA is known by its SPI, which nobody can
 * derive but the two nodes, and by the tunnel's reqid; a policy by its selector, and the reqid of its template.
 *
 * @param sas those that are there
 * @param missing those that are not there, and may have been
 */
record Recognition(Map<TunnelSa, ObservedSa> sas, Map<PolicyKey, ObservedPolicy> policies, Set<TunnelSa> missing) {

    static final Recognition NOTHING = new Recognition(Map.of(), Map.of(), Set.of());

    /** What is known to recognise by. */
    record Knowledge(
            TunnelInput.Self self,
            List<Membership> tunnels,
            Map<String, PeerShare> shares,
            TunnelMemory memory,
            List<Integer> cpus,
            Optional<KeyShareSpec> published,
            Spis spis) {}

    static Recognition of(Inherited inherited, Knowledge known, TunnelView journaled, Observed observed) {
        if (inherited.isEmpty()) {
            return NOTHING;
        }
        Map<TunnelSa, ObservedSa> sas = new HashMap<>();
        Map<PolicyKey, ObservedPolicy> policies = new HashMap<>();
        Set<TunnelSa> missing = new HashSet<>();
        // By others nobody has sent: no peer has seen them
        Set<String> shown = known.memory().generations().stream()
                .filter(OwnGeneration::shown)
                .map(OwnGeneration::publicKey)
                .collect(Collectors.toSet());
        for (Membership tunnel : known.tunnels()) {
            for (TunnelPeer peer : tunnel.others()) {
                PairTraffic pair = new PairTraffic(tunnel, peer);
                policies.putAll(policies(pair, observed));
                candidates(inherited, known, tunnel, peer).forEach(sa -> {
                    Optional<ObservedSa> there =
                            Optional.ofNullable(journaled.sas().get(sa)).or(() -> find(sa, pair, known, observed));
                    there.ifPresent(found -> sas.put(sa, found));
                    if (there.isEmpty() && shown.contains(sa.own())) {
                        missing.add(sa);
                    }
                });
            }
        }
        return new Recognition(Map.copyOf(sas), Map.copyOf(policies), Set.copyOf(missing));
    }

    private static Set<TunnelSa> candidates(Inherited inherited, Knowledge known, Membership tunnel, TunnelPeer peer) {
        TunnelPair pair = tunnel.pair(peer);
        Set<TunnelSa> all = new HashSet<>();
        known.memory().unwanted().keySet().stream()
                .filter(sa -> sa.pair().equals(pair) && inherited.generations().contains(sa.own()))
                .forEach(all::add);
        Optional<PeerShare> share = Optional.ofNullable(known.shares().get(peer.uid()));
        List<KeyGeneration> used = share.stream()
                .flatMap(said -> said.spec().generations().stream())
                .filter(theirs -> inherited.mayHaveUsed(peer.uid(), theirs))
                .toList();
        Set<Integer> theirCpus = share.flatMap(said -> said.progress(tunnel.uid()))
                .map(PeerShare::cpus)
                .orElse(Set.of());
        Set<Integer> ownCpus = new TreeSet<>(known.cpus());
        known.memory().cpus().keySet().stream()
                .filter(sending -> sending.tunnel().equals(tunnel.uid()))
                .map(SendingCpu::cpu)
                .forEach(ownCpus::add);
        for (OwnGeneration mine : known.memory().generations()) {
            if (inherited.has(mine)) {
                used.forEach(theirs -> {
                    all.addAll(sas(pair, SaDir.IN, mine, theirs, theirCpus));
                    all.addAll(sas(pair, SaDir.OUT, mine, theirs, ownCpus));
                });
            }
        }
        return all;
    }

    private static Set<TunnelSa> sas(
            TunnelPair pair, SaDir direction, OwnGeneration mine, KeyGeneration theirs, Set<Integer> cpus) {
        Set<TunnelSa> all = new HashSet<>();
        all.add(new TunnelSa(pair, direction, mine.publicKey(), theirs.publicKey(), Optional.empty()));
        cpus.forEach(
                cpu -> all.add(new TunnelSa(pair, direction, mine.publicKey(), theirs.publicKey(), Optional.of(cpu))));
        return all;
    }

    private static Optional<ObservedSa> find(TunnelSa sa, PairTraffic pair, Knowledge known, Observed observed) {
        Optional<KeyShareSpec> receiver = sa.outbound()
                ? Optional.ofNullable(known.shares().get(pair.peer().uid())).map(PeerShare::spec)
                : known.published();
        return known.spis()
                .place(sa, pair, known.self(), known.memory(), Spis.told(sa, receiver))
                .map(observed.sas()::get)
                .filter(there -> there.reqid() == pair.tunnel().planned().reqid());
    }

    private static Map<PolicyKey, ObservedPolicy> policies(PairTraffic pair, Observed observed) {
        Map<PolicyKey, ObservedPolicy> found = new HashMap<>();
        TunnelEntries.policies(pair)
                .forEach((key, wanted) -> Optional.ofNullable(
                                observed.policies().get(wanted.policy().id()))
                        .filter(wanted::isOfSameTunnel)
                        .ifPresent(there -> found.put(key, there)));
        return found;
    }
}
