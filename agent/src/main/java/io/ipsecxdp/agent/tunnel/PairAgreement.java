package io.ipsecxdp.agent.tunnel;

import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.ACCEPTS;
import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.NO_POLICY;
import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.REQUIRES;

import io.ipsecxdp.agent.tunnel.TunnelMemory.SendingCpu;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.PresharedKeyVersion;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelProgress;
import io.ipsecxdp.xfrm.SaDir;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What this node must have with one peer in one tunnel.
 *
 * @param own this node's generations that are not withdrawn, the newest last
 * @param present the SAs of the pair that are in the kernel
 * @param cpus since which KeyShare the peer can know of each sending CPU
 * @param stale the peer's KeyShare is one of a time that is past, or gone: etcd was restored from a backup, and the peer has not
 *     said anything yet. Nothing is changed until it does
 */
record PairAgreement(
        TunnelInput in,
        Membership tunnel,
        TunnelPeer peer,
        List<OwnGeneration> own,
        Set<TunnelSa> present,
        Map<SendingCpu, Long> cpus,
        boolean stale) {

    TunnelPair pair() {
        return tunnel.pair(peer);
    }

    private Optional<PeerShare> share() {
        return in.share(peer);
    }

    private Optional<TunnelProgress> progress() {
        return stale ? Optional.empty() : share().flatMap(share -> share.progress(tunnel.uid()));
    }

    private long revision() {
        return tunnel.revision(peer);
    }

    private boolean isOn() {
        return tunnel.isOn(peer);
    }

    private boolean peerAccepts() {
        return progress()
                .map(p -> isUnderstood(p.accepts()) && p.accepts(in.self().name(), revision()))
                .orElse(!isOn() && hasNothing());
    }

    private boolean peerSends() {
        return progress()
                .map(p -> isUnderstood(p.sends()) && p.sends(in.self().name(), revision()))
                .orElse(false);
    }

    private boolean peerSendsNoMore() {
        return hasNothing() || peerSends();
    }

    /** A node that says nothing of the tunnel has nothing of it. */
    private boolean hasNothing() {
        return !stale && progress().isEmpty();
    }

    /** What the peer did for entries that this node has not seen yet may be the contrary: one of the two may be leaving there. */
    private boolean isUnderstood(Long reached) {
        return reached != null && reached <= tunnel.known();
    }

    /** The pair is off, and nobody sends by it. */
    boolean done() {
        return !isOn() && !inForce().sends() && peerSendsNoMore();
    }

    private PairPolicies inForce() {
        return in.policies(pair());
    }

    /** The order of decision 0027, between two nodes that read each other's KeyShare. */
    PairPolicies policies() {
        if (done()) {
            return PairPolicies.NONE;
        }
        if (isOn()) {
            boolean requires = inForce().receives() == REQUIRES || peerSends();
            return new PairPolicies(
                    inForce().sends() || wasProtected() || (peerAccepts() && canSend()), requires ? REQUIRES : ACCEPTS);
        }
        return new PairPolicies(
                inForce().sends() && !peerAccepts(), inForce().receives() == NO_POLICY ? NO_POLICY : ACCEPTS);
    }

    /** Before a reboot, this node did not send in the clear: it does not afterwards either, and rather drops until keys are agreed. */
    private boolean wasProtected() {
        return said().map(p -> p.sends(peer.node(), revision())).orElse(false);
    }

    private boolean canSend() {
        return share().isPresent()
                && !stale
                && kernel(SaDir.OUT).stream().anyMatch(sa -> sa.cpu().isEmpty() && isShown(sa));
    }

    private Optional<TunnelProgress> said() {
        return in.published()
                .flatMap(share -> share.tunnels().stream()
                        .filter(p -> p.uid().equals(tunnel.uid()))
                        .findFirst());
    }

    /** Whether this node told the peer to send; only then do the SAs of the pair hold anything up. */
    boolean claimed() {
        return !kernel(SaDir.IN).isEmpty()
                || said().map(p -> p.accepts() != null && !p.acceptsNot().contains(peer.node()))
                        .orElse(false);
    }

    /** Whether what the peer's entry asks of a receiver is done. */
    boolean accepts() {
        return isOn()
                ? inForce().receives() != NO_POLICY && !stale && present.containsAll(inbound())
                : inForce().receives() != REQUIRES;
    }

    /** Whether what the peer's entry asks of a sender is done. */
    boolean sends() {
        return inForce().sends() == isOn();
    }

    /** Of each live generation of this node with each of the peer, for each CPU that sends there, and one for all others. */
    Set<TunnelSa> inbound() {
        if (share().isEmpty() || stale) {
            return kernel(SaDir.IN);
        }
        Set<String> lost = theirs().stream()
                .filter(KeyGeneration::wasLost)
                .map(KeyGeneration::publicKey)
                .collect(Collectors.toSet());
        Set<TunnelSa> all = new HashSet<>(kernel(SaDir.IN));
        all.removeIf(sa -> !lost.contains(sa.theirs()));
        for (OwnGeneration mine : own) {
            for (KeyGeneration theirs : theirs()) {
                if (fit(mine, theirs)) {
                    all.addAll(sas(
                            SaDir.IN,
                            mine,
                            theirs,
                            progress().map(PeerShare::cpus).orElse(Set.of())));
                }
            }
        }
        return all;
    }

    /**
     * Of the newest generations that both ends have. What is in the kernel stays until that is there too, and as long as
     * nothing newer can be used.
     */
    Set<TunnelSa> outbound() {
        Set<TunnelSa> used = kernel(SaDir.OUT);
        if (share().isEmpty() || stale) {
            return used;
        }
        Set<TunnelSa> best = used.stream().anyMatch(this::isShown) || peerAccepts() ? newest() : Set.of();
        if (best.isEmpty()
                || used.stream().anyMatch(sa -> rank(sa) > rank(best.iterator().next()))) {
            return used;
        }
        Set<TunnelSa> all = new HashSet<>(best);
        if (!present.containsAll(usable(best))) {
            all.addAll(used);
        }
        return all;
    }

    /** Never back to an older generation of the peer than that in use, or than its newest: the peer was told that it is released. */
    private Set<TunnelSa> newest() {
        PeerShare share = share().orElseThrow();
        List<String> shown = theirs().stream().map(KeyGeneration::publicKey).toList();
        int inUse = kernel(SaDir.OUT).stream()
                .mapToInt(sa -> shown.indexOf(sa.theirs()))
                .filter(index -> index >= 0)
                .max()
                .orElse(Math.max(0, shown.size() - 1));
        for (OwnGeneration mine : own.reversed()) {
            for (KeyGeneration theirs : theirs().subList(inUse, shown.size()).reversed()) {
                if (share.hasFollowed(mine.published()) && fit(mine, theirs)) {
                    return sas(
                            SaDir.OUT,
                            mine,
                            theirs,
                            in.cpus().stream()
                                    .limit(tunnel.planned().perCpu())
                                    .filter(cpu -> share.hasFollowed(
                                            Optional.ofNullable(cpus.get(new SendingCpu(tunnel.uid(), cpu)))))
                                    .collect(Collectors.toSet()));
                }
            }
        }
        return Set.of();
    }

    /** Of what the peer shows, nothing is sent by but its newest. What a peer showed that is stale cannot be told from that. */
    boolean sendsByTheNewest() {
        return !stale
                && (share().isEmpty()
                        || kernel(SaDir.OUT).stream()
                                .filter(this::isShown)
                                .allMatch(sa ->
                                        sa.theirs().equals(theirs().getLast().publicKey())));
    }

    /** What is sent to a generation that the peer has no more, as it was booted, is lost whatever this node withdraws. */
    boolean sendsBy(OwnGeneration generation) {
        return kernel(SaDir.OUT).stream()
                .anyMatch(sa -> sa.own().equals(generation.publicKey()) && (stale || isShown(sa)));
    }

    private Set<TunnelSa> sas(SaDir direction, OwnGeneration mine, KeyGeneration theirs, Collection<Integer> cpus) {
        Set<TunnelSa> all = new HashSet<>();
        all.add(new TunnelSa(pair(), direction, mine.publicKey(), theirs.publicKey(), Optional.empty()));
        cpus.forEach(cpu ->
                all.add(new TunnelSa(pair(), direction, mine.publicKey(), theirs.publicKey(), Optional.of(cpu))));
        return all;
    }

    private List<KeyGeneration> theirs() {
        return share().orElseThrow().spec().generations();
    }

    private boolean isShown(TunnelSa sa) {
        return theirs().stream().anyMatch(theirs -> theirs.publicKey().equals(sa.theirs()));
    }

    /** By the age of this node's generation, then of the peer's; those that an end has no more are worth nothing. */
    private int rank(TunnelSa sa) {
        int mine = own.stream().map(OwnGeneration::publicKey).toList().indexOf(sa.own());
        int other = theirs().stream().map(KeyGeneration::publicKey).toList().indexOf(sa.theirs());
        return mine < 0 || other < 0 ? -1 : mine * theirs().size() + other;
    }

    /** Both are there, and were made with the same pre-shared key. */
    private boolean fit(OwnGeneration mine, KeyGeneration theirs) {
        if (theirs.wasLost()) {
            return false;
        }
        Optional<String> other = theirs.presharedKeys().stream()
                .filter(key -> key.tunnel().equals(tunnel.uid()))
                .map(PresharedKeyVersion::version)
                .findFirst();
        return Optional.ofNullable(mine.presharedKeys().get(tunnel.uid())).equals(other);
    }

    private Set<TunnelSa> usable(Set<TunnelSa> sas) {
        return sas.stream().filter(sa -> !in.lost().contains(sa)).collect(Collectors.toSet());
    }

    private Set<TunnelSa> kernel(SaDir direction) {
        return present.stream().filter(sa -> sa.direction() == direction).collect(Collectors.toSet());
    }
}
