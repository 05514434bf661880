package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.tunnel.TunnelMemory.SendingCpu;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.PresharedKeyVersion;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What one node does to have keys with all its peers, and new ones in time, without losing a packet
 * (docs/decisions/0030). It is one function from what the node knows to what it must have and say; all nodes run it.
 *
 * <p>Each node goes by four rules. It shows a new generation only when the inbound SAs of it with every peer are in its kernel.
 * It sends with a generation of its own only when the peer says to have followed the KeyShare that showed it, and with the
 * newest of the peer that it sees. It says to have followed only when its kernel has the inbound SAs for all that it saw, and to
 * have released what is older only when it sends by nothing but the peers' newest. It withdraws a generation when every peer has
 * released it.
 */
final class Agreement {
    /** How long an inbound SA stays after nobody sends by it any more: packets may be in flight, or in the queue of a CPU. */
    static final Duration DRAIN = Duration.ofSeconds(10);

    /** Nodes rekey in one window, but not all in the same moment. */
    static final Duration JITTER = Duration.ofSeconds(30);

    /** So long may a rekey take before the node says for whom it waits. */
    static final Duration PATIENCE = Duration.ofMinutes(1);

    /** More are never alive, but for a changed pre-shared key, which cannot wait for peers that wait for it themselves. */
    static final int MAX_GENERATIONS = 3;

    private final TunnelInput in;
    private final TunnelMemory memory;
    private final Map<SendingCpu, Long> cpus;
    private final List<OwnGeneration> own;
    private final List<PairAgreement> pairs;

    private Agreement(TunnelInput in, TunnelMemory memory) {
        this.in = in;
        this.memory = memory;
        this.cpus = shownCpus();
        List<OwnGeneration> shown = shown();
        this.own = withdrawn(shown, pairs(shown));
        this.pairs = pairs(own);
    }

    static TunnelDecision decide(TunnelInput in, TunnelMemory memory) {
        return new Agreement(in, memory).decide();
    }

    private TunnelDecision decide() {
        Set<TunnelSa> wanted = new HashSet<>();
        Map<TunnelPair, PairPolicies> policies = new HashMap<>();
        for (PairAgreement pair : pairs) {
            policies.put(pair.pair(), pair.policies());
            if (!pair.done()) {
                wanted.addAll(pair.inbound());
                wanted.addAll(pair.outbound());
            }
        }
        policies.values().removeIf(PairPolicies.NONE::equals);
        Map<TunnelSa, Instant> unwanted = unwanted(wanted);
        Set<TunnelSa> sas = new HashSet<>(wanted);
        sas.removeAll(in.lost());
        unwanted.forEach((sa, since) -> {
            if (in.now().isBefore(since.plus(DRAIN))) {
                sas.add(sa);
            }
        });
        Optional<RekeyCause> cause = cause(wanted);
        boolean room = live().size() < MAX_GENERATIONS + (cause.equals(Optional.of(RekeyCause.PRESHARED_KEY)) ? 1 : 0)
                && live().stream().allMatch(g -> g.published().isPresent());
        List<OwnGeneration> kept =
                own.stream().filter(g -> g.live() || isInKernel(g)).toList();
        return new TunnelDecision(
                new TunnelMemory(kept, cpus, newestOfPeers(), unwanted),
                Set.copyOf(sas),
                Map.copyOf(policies),
                share(),
                room ? cause : Optional.empty(),
                own.stream()
                        .filter(g -> !kept.contains(g))
                        .map(OwnGeneration::publicKey)
                        .collect(Collectors.toUnmodifiableSet()),
                waitsFor(cause.isPresent() && !room));
    }

    /** What the KeyShare lost, as etcd was restored from a backup, must be shown again before it counts. */
    private List<OwnGeneration> shown() {
        Set<String> there = in.published().map(PeerShare::publicKeys).orElse(Set.of());
        return memory.generations().stream()
                .map(g -> g.live() && !there.contains(g.publicKey()) ? g.forgottenByEtcd() : g)
                .toList();
    }

    private Map<SendingCpu, Long> shownCpus() {
        Set<SendingCpu> there = in.published().stream()
                .flatMap(share -> share.tunnels().stream())
                .flatMap(tunnel -> PeerShare.cpus(tunnel).stream().map(cpu -> new SendingCpu(tunnel.uid(), cpu)))
                .collect(Collectors.toSet());
        Map<SendingCpu, Long> all = new HashMap<>(memory.cpus());
        all.replaceAll((cpu, version) -> there.contains(cpu) ? version : TunnelMemory.NOT_SHOWN);
        return all;
    }

    private List<PairAgreement> pairs(List<OwnGeneration> generations) {
        List<OwnGeneration> live =
                generations.stream().filter(OwnGeneration::live).toList();
        Map<TunnelPair, Set<TunnelSa>> present =
                in.kernel().stream().collect(Collectors.groupingBy(TunnelSa::pair, Collectors.toSet()));
        List<PairAgreement> all = new ArrayList<>();
        for (Membership tunnel : in.tunnels()) {
            for (TunnelPeer peer : tunnel.others()) {
                all.add(new PairAgreement(
                        in,
                        tunnel,
                        peer,
                        live,
                        present.getOrDefault(tunnel.pair(peer), Set.of()),
                        cpus,
                        isStale(peer)));
            }
        }
        return all;
    }

    /** A node's generations are in the order in which it made them, so one whose newest is older than it was is of a backup. */
    private boolean isStale(TunnelPeer peer) {
        Optional<Instant> known = Optional.ofNullable(memory.newest().get(peer.uid()));
        Optional<Instant> newest = in.share(peer).flatMap(PeerShare::newest);
        return known.isPresent() && (newest.isEmpty() || newest.get().isBefore(known.get()));
    }

    private Map<String, Instant> newestOfPeers() {
        Map<String, Instant> newest = new HashMap<>();
        pairs.forEach(pair -> {
            String peer = pair.peer().uid();
            Optional.ofNullable(memory.newest().get(peer)).ifPresent(known -> newest.put(peer, known));
            if (!pair.stale()) {
                in.share(pair.peer()).flatMap(PeerShare::newest).ifPresent(shown -> newest.put(peer, shown));
            }
        });
        return newest;
    }

    /** A generation goes when all peers have followed a newer one, and nothing is sent by it. */
    private List<OwnGeneration> withdrawn(List<OwnGeneration> generations, List<PairAgreement> pairs) {
        Optional<OwnGeneration> successor = newestPublished(generations)
                .filter(newest -> pairs.stream().allMatch(pair -> pair.done() || hasReleased(pair, newest)));
        return generations.stream()
                .map(g -> in.tunnels().isEmpty()
                                || successor.filter(s -> isOlder(g, s)).isPresent()
                                        && pairs.stream().noneMatch(pair -> pair.sendsBy(g))
                        ? g.withdraw()
                        : g)
                .toList();
    }

    private static boolean isOlder(OwnGeneration one, OwnGeneration other) {
        return one.created().isBefore(other.created());
    }

    private static Optional<OwnGeneration> newestPublished(List<OwnGeneration> generations) {
        return generations.stream()
                .filter(g -> g.live() && g.published().isPresent())
                .max(Comparator.comparing(OwnGeneration::created));
    }

    private boolean hasReleased(PairAgreement pair, OwnGeneration generation) {
        return in.share(pair.peer())
                .map(share -> share.hasReleased(generation.published()))
                .orElse(!pair.stale());
    }

    /** Whether a peer sends by nothing but the newest generation that this node has shown. */
    private boolean hasReleased(String peer) {
        Optional<OwnGeneration> newest = newestPublished(own);
        return pairs.stream()
                .filter(pair -> pair.peer().uid().equals(peer))
                .allMatch(pair -> newest.isPresent() && hasReleased(pair, newest.get()));
    }

    private boolean isInKernel(OwnGeneration generation) {
        return in.kernel().stream().anyMatch(sa -> sa.own().equals(generation.publicKey()));
    }

    private List<OwnGeneration> live() {
        return own.stream().filter(OwnGeneration::live).toList();
    }

    /**
     * Inbound SAs that no generation asks for any more, and since when. Those of a generation that this node does not know,
     * as it lost its memory but not its kernel, are asked for until the peer sends by one that it does know.
     */
    private Map<TunnelSa, Instant> unwanted(Set<TunnelSa> wanted) {
        Set<String> known = own.stream().map(OwnGeneration::publicKey).collect(Collectors.toSet());
        return in.kernel().stream()
                .filter(sa -> !sa.outbound() && !wanted.contains(sa))
                .collect(Collectors.toMap(
                        sa -> sa,
                        sa -> known.contains(sa.own()) || hasReleased(sa.pair().peer())
                                ? memory.unwanted().getOrDefault(sa, in.now())
                                : in.now()));
    }

    private Optional<RekeyCause> cause(Set<TunnelSa> wanted) {
        if (in.tunnels().isEmpty()) {
            return Optional.empty();
        }
        if (live().isEmpty()) {
            return Optional.of(RekeyCause.NO_KEY);
        }
        OwnGeneration newest = live().getLast();
        // Before all that new keys would answer as well, as it alone may be answered where three generations are alive
        if (!newest.presharedKeys().equals(presharedKeys(in.tunnels()))) {
            return Optional.of(RekeyCause.PRESHARED_KEY);
        }
        Predicate<TunnelSa> ofNewest = sa -> sa.own().equals(newest.publicKey());
        if (wanted.stream().anyMatch(sa -> ofNewest.test(sa) && in.lost().contains(sa))) {
            return Optional.of(RekeyCause.LOST_SA);
        }
        if (in.worn().stream().anyMatch(ofNewest)) {
            return Optional.of(RekeyCause.VOLUME);
        }
        if (in.asked().isPresent()) {
            return in.asked();
        }
        return window(in.now()) > window(newest.created()) ? Optional.of(RekeyCause.TIME) : Optional.empty();
    }

    /** Which version of its pre-shared key each tunnel has that has one. */
    static Map<String, String> presharedKeys(List<Membership> tunnels) {
        return tunnels.stream()
                .filter(tunnel -> tunnel.presharedKey().isPresent())
                .collect(Collectors.toMap(
                        Membership::uid, tunnel -> tunnel.presharedKey().orElseThrow()));
    }

    /** All nodes count the same windows, each shifted by its jitter, so that a wave of rekeys has its acknowledgements in common. */
    private long window(Instant time) {
        long interval = in.tunnels().stream()
                .mapToLong(tunnel -> tunnel.planned().rekeySeconds())
                .min()
                .orElseThrow();
        long jitter = Math.floorMod(in.self().uid().hashCode(), JITTER.toSeconds());
        return Math.floorDiv(time.getEpochSecond() - jitter, interval);
    }

    /** Silent peers, by name, where a rekey cannot go on without them. */
    private Set<String> waitsFor(boolean stuck) {
        Optional<OwnGeneration> newest = newestPublished(own)
                .filter(g ->
                        stuck || live().size() > 1 && g.created().plus(PATIENCE).isBefore(in.now()));
        return pairs.stream()
                .filter(pair -> !pair.done())
                .filter(pair -> newest.isPresent() && !hasReleased(pair, newest.get()))
                .map(pair -> pair.peer().node())
                .collect(Collectors.toUnmodifiableSet());
    }

    private KeyShareSpec share() {
        Set<String> unready = new HashSet<>();
        boolean complete = true;
        boolean newestOnly = true;
        // Of nodes that all have nothing to show, one must begin; until it has followed, nobody sends by what it shows
        boolean anew = false;
        for (PairAgreement pair : pairs) {
            if (pair.done()) {
                continue;
            }
            Set<TunnelSa> missing = new HashSet<>(pair.inbound());
            missing.removeAll(in.kernel());
            missing.removeAll(in.lost());
            newestOnly &= pair.sendsByTheNewest();
            if (pair.stale()) {
                complete = false;
                anew = live().stream().noneMatch(OwnGeneration::shown);
                if (!anew) {
                    live().forEach(g -> unready.add(g.publicKey()));
                }
            }
            if (pair.claimed()) {
                complete &= missing.isEmpty();
                missing.forEach(sa -> unready.add(sa.own()));
            }
        }
        return new KeyShareSpec(
                in.self().uid(),
                in.self().boot(),
                Stream.concat(
                                orphans().stream(),
                                live().stream()
                                        .filter(g -> g.shown() || !unready.contains(g.publicKey()))
                                        .map(Agreement::shown))
                        .toList(),
                anew ? null : reached(complete, KeyShareSpec::followed),
                reached(newestOnly, KeyShareSpec::released),
                in.tunnels().stream().map(this::progress).toList(),
                List.of());
    }

    /**
     * Generations whose private values this node lost, but not its kernel: the peers must not take them for withdrawn.
     */
    private List<KeyGeneration> orphans() {
        Set<String> known = own.stream().map(OwnGeneration::publicKey).collect(Collectors.toSet());
        return in.published().filter(share -> share.boot().equals(in.self().boot())).stream()
                .flatMap(share -> share.generations().stream())
                .filter(g -> !known.contains(g.publicKey()))
                .filter(g -> in.kernel().stream()
                        .anyMatch(sa -> sa.own().equals(g.publicKey())
                                && (sa.outbound() || !hasReleased(sa.pair().peer()))))
                .map(g -> new KeyGeneration(g.publicKey(), g.created(), g.presharedKeys(), true))
                .toList();
    }

    private static KeyGeneration shown(OwnGeneration generation) {
        return new KeyGeneration(
                generation.publicKey(),
                generation.created().toString(),
                generation.presharedKeys().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(key -> new PresharedKeyVersion(key.getKey(), key.getValue()))
                        .toList(),
                null);
    }

    /** A new number is said only if a peer asked for something: an acknowledgement is no reason for one. */
    private String reached(boolean holds, Function<KeyShareSpec, String> number) {
        Optional<String> said = in.published()
                .filter(share -> share.boot().equals(in.self().boot()))
                .map(number);
        long before = PeerShare.number(said.orElse(null));
        boolean asked = before > in.seen()
                || pairs.stream()
                        .flatMap(pair -> in.share(pair.peer()).stream())
                        .anyMatch(share -> share.changed() > before);
        return holds && asked ? Long.toString(in.seen()) : said.orElse(null);
    }

    private TunnelProgress progress(Membership tunnel) {
        List<PairAgreement> ofTunnel = pairs.stream()
                .filter(pair -> pair.tunnel() == tunnel)
                .sorted(Comparator.comparing(
                        (PairAgreement pair) -> pair.tunnel().revision(pair.peer())))
                .toList();
        Reached accepts = Reached.of(ofTunnel, PairAgreement::accepts, tunnel);
        Reached sends = Reached.of(ofTunnel, PairAgreement::sends, tunnel);
        return new TunnelProgress(
                tunnel.uid(), sendingCpus(tunnel), accepts.revision(), accepts.not(), sends.revision(), sends.not());
    }

    /** Those that are to have an SA of their own, and all that were shown: a key that a peer has retired cannot come back. */
    private String sendingCpus(Membership tunnel) {
        Set<Integer> all = new TreeSet<>(
                in.cpus().stream().limit(tunnel.planned().perCpu()).toList());
        cpus.keySet().stream()
                .filter(sending -> sending.tunnel().equals(tunnel.uid()))
                .forEach(sending -> all.add(sending.cpu()));
        return all.isEmpty() ? null : CpuList.of(all).toString();
    }

    /** Up to which revision something holds for all peers but a few. */
    private record Reached(Long revision, List<String> not) {
        static Reached of(List<PairAgreement> pairs, Predicate<PairAgreement> holds, Membership tunnel) {
            List<String> not = new ArrayList<>();
            long revision = tunnel.self().revision();
            for (PairAgreement pair : pairs) {
                revision = tunnel.revision(pair.peer());
                if (!holds.test(pair)) {
                    if (not.size() == TunnelProgress.MAX_EXCEPTIONS) {
                        return new Reached(revision - 1, List.copyOf(not));
                    }
                    not.add(pair.peer().node());
                }
            }
            return new Reached(revision, not.stream().sorted().toList());
        }
    }
}
