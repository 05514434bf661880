package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.tunnel.PairPolicies.Receiving;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.xfrm.SaDir;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Nodes with a kernel and an agent each, an API server that orders writes and delivers them late, and packets. Agents decide by
 * {@link Agreement}; everything else is made up here, and may go wrong.
 */
final class ModelledCluster {
    private static final String TUNNEL = "t";
    private static final int INTERVAL = 3600;
    private static final Duration FLIGHT = Duration.ofSeconds(5);

    /** So many rounds may it take until all agree. */
    private static final int ROUNDS = 40;

    private static final Duration ROUND = Duration.ofSeconds(6);

    /** After so many without a change nothing changes any more: longer than an SA stays that nobody sends by. */
    private static final long STILL = 2 + Agreement.DRAIN.dividedBy(ROUND);

    private record Stored(KeyShareSpec spec, long version) {}

    private record Event(String node, Stored stored) {}

    private record Backup(Map<String, Stored> shares, long version) {}

    private record Packet(ModelledNode from, ModelledNode to, TunnelSa sa, Instant sent) {}

    private final Random random;
    final List<ModelledNode> nodes = new ArrayList<>();
    final List<String> violations = new ArrayList<>();
    private final List<String> story = new ArrayList<>();
    private final boolean telling;
    private final Set<Object> keysUsedToSend = new HashSet<>();
    private final List<Packet> flying = new ArrayList<>();
    private final List<List<TunnelPeer>> peers = new ArrayList<>();
    private final List<Event> log = new ArrayList<>();
    private Map<String, Stored> etcd = new LinkedHashMap<>();
    private Optional<Backup> backup = Optional.empty();
    private long version = 100;
    private long revision;
    private int names;
    private Instant now = Instant.parse("2030-01-01T00:10:00Z");
    private Optional<String> presharedKey = Optional.empty();
    int rekeys;
    int packets;

    /** @param telling whether the story of what happened is kept, which takes time */
    ModelledCluster(long seed, boolean telling) {
        this.telling = telling;
        random = new Random(seed);
        int size = 2 + random.nextInt(2);
        List<TunnelPeer> first = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            ModelledNode node = new ModelledNode("n" + i, 1 + random.nextInt(2));
            nodes.add(node);
            revision++;
            first.add(node.entry(false, revision));
        }
        peers.add(first);
    }

    String story() {
        return String.join("\n", story);
    }

    private void tell(Supplier<String> what) {
        if (telling) {
            story.add(what.get());
        }
    }

    /** One thing happens. */
    void step() {
        ModelledNode node = nodes.get(random.nextInt(nodes.size()));
        int what = random.nextInt(100);
        if (what < 30) {
            node.hear();
        } else if (what < 60) {
            node.round(random.nextInt(12) == 0 ? random.nextInt(8) : Integer.MAX_VALUE, random.nextInt(20) != 0);
        } else if (what < 72) {
            traffic();
        } else if (what < 80) {
            pass(Duration.ofSeconds(1 + random.nextInt(15)));
        } else if (what < 83) {
            pass(Duration.ofSeconds(random.nextInt(2 * INTERVAL)));
        } else if (what < 85) {
            node.kill(false);
        } else if (what < 86) {
            // Not both: memory that is lost on the node and in etcd leaves nobody who knows what the peers send by
            if (node.isRememberedByEtcd()) {
                node.kill(true);
                backup = Optional.empty();
            }
        } else if (what < 88) {
            node.reboot();
        } else if (what < 90) {
            node.flush();
        } else if (what < 91) {
            node.wearsOut();
        } else if (what < 92) {
            node.asked = true;
        } else if (what < 94) {
            tell(() -> "backup");
            backup = Optional.of(new Backup(new LinkedHashMap<>(etcd), version));
        } else if (what < 96) {
            restore();
        } else if (what < 98) {
            changePeers(node);
        } else if (what < 99) {
            node.cpus = random.nextInt(3);
        } else if (nodes.stream().allMatch(ModelledNode::hasOnePresharedKey)) {
            presharedKey = presharedKey.map(k -> k + "'").or(() -> Optional.of("k"));
            tell(() -> "psk");
        }
    }

    /** All goes well from now on, and every node is in the tunnel. */
    void settle() {
        List<TunnelPeer> last = new ArrayList<>(peers.getLast());
        for (TunnelPeer peer : List.copyOf(last)) {
            if (peer.leaves()) {
                last.remove(peer);
                revision++;
                last.add(node(peer.uid()).entry(false, revision));
            }
        }
        peers.add(last);
        // No new window comes meanwhile
        pass(Duration.ofSeconds(INTERVAL - now.getEpochSecond() % INTERVAL).plus(Agreement.JITTER));
        List<Object> before = List.of();
        for (int i = 0, still = 0; i < ROUNDS && still < STILL; i++) {
            for (ModelledNode node : nodes) {
                node.hearAll();
                node.round(Integer.MAX_VALUE, true);
                traffic();
            }
            pass(ROUND);
            List<Object> after = all();
            still = after.equals(before) ? still + 1 : 0;
            before = after;
        }
    }

    /** All that a decision is made of, but for the time. */
    private List<Object> all() {
        List<Object> all = new ArrayList<>(List.of(version));
        nodes.forEach(node -> {
            all.add(node.memory);
            all.add(Set.copyOf(node.kernel));
            all.add(Map.copyOf(node.policies));
        });
        return all;
    }

    void assertSettled() {
        for (ModelledNode a : nodes) {
            if (a.kernel.stream().anyMatch(a.worn::contains)) {
                violations.add(a + " still sends by a key that is used up");
            }
            if (a.memory.generations().size() != 1) {
                violations.add(a + " keeps " + a.memory + " says " + etcd.get(a.name));
            }
            for (ModelledNode b : nodes) {
                if (a == b) {
                    continue;
                }
                TunnelPair pair = new TunnelPair(TUNNEL, b.uid());
                if (!new PairPolicies(true, Receiving.REQUIRES).equals(a.policies.get(pair))) {
                    violations.add(a + " has for " + b + " " + a.policies.get(pair));
                }
                Set<TunnelSa> out = a.of(pair, SaDir.OUT);
                if (out.size() != a.cpus + 1) {
                    violations.add(a + " sends to " + b + " by " + out + " with " + a.memory + " while " + b + " says "
                            + etcd.get(b.name));
                }
                Set<TunnelSa> in = new HashSet<>();
                out.forEach(sa -> in.add(sa.atOtherEnd(a.uid())));
                // A CPU that sent once has its inbound SA for as long as the generation lives
                Set<TunnelSa> there = b.of(new TunnelPair(TUNNEL, a.uid()), SaDir.IN);
                there.removeIf(sa -> sa.cpu().filter(cpu -> cpu >= a.cpus).isPresent());
                if (!in.equals(there)) {
                    violations.add("SADs differ: " + a + " sends by " + out + ", " + b + " has " + there);
                }
            }
        }
    }

    private ModelledNode node(String uid) {
        return nodes.stream().filter(n -> n.uid().equals(uid)).findFirst().orElseThrow();
    }

    private void restore() {
        backup.ifPresent(b -> {
            tell(() -> "restore of " + b.version());
            etcd = new LinkedHashMap<>(b.shares());
            version = b.version();
            log.clear();
            nodes.forEach(ModelledNode::loseWatch);
        });
    }

    private void changePeers(ModelledNode node) {
        List<TunnelPeer> last = new ArrayList<>(peers.getLast());
        TunnelPeer before = last.stream()
                .filter(p -> p.uid().equals(node.uid()))
                .findFirst()
                .orElseThrow();
        last.remove(before);
        revision++;
        last.add(node.entry(!before.leaves(), revision));
        peers.add(last);
        tell(() -> node + (before.leaves() ? " joins" : " leaves") + " at " + revision);
    }

    private void pass(Duration time) {
        now = now.plus(time);
        land(time.compareTo(FLIGHT) > 0);
    }

    private void land(boolean all) {
        for (Packet packet : List.copyOf(flying)) {
            if (all || random.nextBoolean() || packet.sent().plus(FLIGHT).isBefore(now)) {
                flying.remove(packet);
                packet.to().receive(packet.from(), packet.sa(), "late");
            }
        }
    }

    private void traffic() {
        for (ModelledNode from : nodes) {
            for (ModelledNode to : nodes) {
                if (from != to) {
                    from.send(to, random.nextInt(4) - 1);
                }
            }
        }
        land(false);
    }

    /** A node: its kernel, its disk, its tmpfs, its agent. */
    final class ModelledNode {
        private final String name;
        private int boots = 1;
        private int cpus;
        private boolean asked;
        private final Set<TunnelSa> kernel = new LinkedHashSet<>();
        private final Map<TunnelPair, PairPolicies> policies = new HashMap<>();
        private final Set<TunnelSa> ledger = new HashSet<>();
        private final Set<TunnelSa> worn = new HashSet<>();
        private final Set<TunnelSa> broken = new HashSet<>();
        private boolean faulty = true;
        private TunnelMemory memory = TunnelMemory.EMPTY;

        private boolean watching;
        private int heard;
        private int told;
        private long seen;
        private final Map<String, PeerShare> shares = new HashMap<>();
        private Optional<Stored> published = Optional.empty();

        ModelledNode(String name, int cpus) {
            this.name = name;
            this.cpus = cpus;
        }

        String uid() {
            return name;
        }

        TunnelPeer entry(boolean leaving, long revision) {
            return new TunnelPeer(name, uid(), List.of("10.0.0.1"), List.of(), 0, revision, leaving ? true : null);
        }

        private boolean isRememberedByEtcd() {
            Set<String> shown = Optional.ofNullable(etcd.get(name))
                    .map(stored -> PeerShare.publicKeys(stored.spec()))
                    .orElse(Set.of());
            return memory.generations().stream().allMatch(g -> !g.shown() || shown.contains(g.publicKey()));
        }

        private boolean hasOnePresharedKey() {
            Map<String, String> now = Agreement.presharedKeys(input().tunnels());
            return memory.generations().stream().allMatch(g -> g.presharedKeys().equals(now));
        }

        private Set<TunnelSa> of(TunnelPair pair, SaDir direction) {
            Set<TunnelSa> found = new LinkedHashSet<>();
            kernel.stream()
                    .filter(sa -> sa.pair().equals(pair) && sa.direction() == direction)
                    .forEach(found::add);
            return found;
        }

        /** The next news from the API server arrives: all there is, or one event. */
        void hear() {
            if (random.nextBoolean() && told < peers.size() - 1) {
                told++;
            }
            if (!watching) {
                relist();
            } else if (heard < log.size()) {
                Event event = log.get(heard);
                heard++;
                take(event.node(), event.stored());
                seen = event.stored().version();
            }
        }

        void hearAll() {
            told = peers.size() - 1;
            hear();
            while (heard < log.size()) {
                hear();
            }
        }

        private void relist() {
            watching = true;
            heard = log.size();
            seen = version;
            published = Optional.empty();
            etcd.forEach(this::take);
            shares.keySet().retainAll(etcd.keySet());
        }

        private void take(String node, Stored stored) {
            if (!node.equals(name)) {
                shares.merge(
                        node,
                        PeerShare.first(stored.spec(), stored.version()),
                        (before, first) -> before.then(stored.spec(), stored.version()));
            } else if (published.isEmpty() || published.get().version() < stored.version()) {
                published = Optional.of(stored);
                memory = memory.wrote(stored.spec(), stored.version());
            }
        }

        private void loseWatch() {
            watching = false;
        }

        /** The agent starts anew, with or without what was on tmpfs. */
        void kill(boolean tmpfs) {
            tell(() -> this + " is killed" + (tmpfs ? " and loses its tmpfs" : ""));
            watching = false;
            shares.clear();
            published = Optional.empty();
            if (tmpfs) {
                memory = TunnelMemory.EMPTY;
            }
        }

        void reboot() {
            tell(() -> this + " is booted");
            kill(true);
            boots++;
            flush();
            policies.clear();
        }

        void flush() {
            tell(() -> this + " loses its SAs");
            broken.addAll(kernel);
            kernel.clear();
            faulty = true;
        }

        /** One of its SAs has encrypted all that its key should. */
        void wearsOut() {
            kernel.stream().filter(TunnelSa::outbound).findAny().ifPresent(sa -> {
                tell(() -> this + " has used up the key of " + sa);
                worn.add(sa);
            });
        }

        private TunnelInput input() {
            List<TunnelPeer> entries = peers.get(told);
            TunnelPeer self = entries.stream()
                    .filter(p -> p.uid().equals(uid()))
                    .findFirst()
                    .orElseThrow();
            List<TunnelPeer> others = entries.stream().filter(p -> p != self).toList();
            long known = entries.stream().mapToLong(TunnelPeer::revision).max().orElseThrow();
            Set<TunnelSa> lost = new HashSet<>(ledger);
            lost.removeAll(kernel);
            return new TunnelInput(
                    new TunnelInput.Self(name, uid(), "boot" + boots),
                    List.of(new Membership(planned(), self, others, known, presharedKey)),
                    Map.copyOf(shares),
                    seen,
                    published.map(Stored::spec),
                    Set.copyOf(kernel),
                    lost,
                    Map.copyOf(policies),
                    IntStream.range(0, cpus).boxed().toList(),
                    worn.stream().filter(kernel::contains).collect(Collectors.toSet()),
                    Optional.of(RekeyCause.ASKED).filter(cause -> asked),
                    now);
        }

        /**
         * The agent decides, acts and tells.
         *
         * @param patience after so many changes of the kernel it is killed
         * @param online the API server takes its word
         */
        void round(int patience, boolean online) {
            if (!watching) {
                return;
            }
            TunnelDecision decision = remember(Agreement.decide(input(), memory));
            if (decision.make().isPresent()) {
                make(decision.make().get());
                decision = remember(Agreement.decide(input(), memory));
            }
            if (apply(decision, patience)) {
                kill(false);
                return;
            }
            decision = remember(Agreement.decide(input(), memory));
            if (online && !published.map(Stored::spec).equals(Optional.of(decision.share()))) {
                publish(decision.share(), random.nextInt(20) != 0);
            }
        }

        private TunnelDecision remember(TunnelDecision decision) {
            for (String wiped : decision.wipe()) {
                if (kernel.stream().anyMatch(sa -> sa.own().equals(wiped))) {
                    violations.add(this + " wipes " + wiped + ", which it needs");
                }
            }
            memory = decision.memory();
            if (memory.generations().stream().filter(OwnGeneration::live).count() > Agreement.MAX_GENERATIONS + 1) {
                violations.add(this + " has too many generations: " + memory.generations());
            }
            return decision;
        }

        private void make(RekeyCause cause) {
            Instant after = Stream.concat(
                            memory.generations().stream().map(OwnGeneration::created),
                            published.stream()
                                    .flatMap(p -> p.spec().generations().stream())
                                    .map(g -> Instant.parse(g.created())))
                    .max(Comparator.naturalOrder())
                    .map(t -> t.plusSeconds(1))
                    .orElse(now);
            names++;
            int number = names;
            rekeys++;
            asked = false;
            Instant created = after.isAfter(now) ? after : now;
            memory = memory.with(
                    OwnGeneration.made(name + "/" + names, created, Agreement.presharedKeys(input().tunnels())));
            tell(() -> this + " makes " + number + ": " + cause);
        }

        private void publish(KeyShareSpec share, boolean answered) {
            version++;
            Stored stored = new Stored(share, version);
            etcd.put(name, stored);
            log.add(new Event(name, stored));
            tell(() -> this + " says at " + version + " "
                    + share.generations().stream().map(g -> g.publicKey()).toList() + " followed " + share.followed()
                    + " " + share.tunnels());
            if (answered) {
                published = Optional.of(stored);
                memory = memory.wrote(share, version);
            } else {
                kill(false);
            }
        }

        /** In the order in which the agent changes its kernel. */
        private boolean apply(TunnelDecision decision, int patience) {
            int done = 0;
            for (SaDir direction : List.of(SaDir.IN, SaDir.OUT)) {
                for (TunnelSa sa : decision.sas()) {
                    if (sa.direction() == direction && !kernel.contains(sa)) {
                        if (done++ == patience) {
                            return true;
                        }
                        install(sa);
                    }
                }
            }
            Set<TunnelPair> all = new HashSet<>(policies.keySet());
            all.addAll(decision.policies().keySet());
            for (TunnelPair pair : all) {
                PairPolicies wanted = decision.policies().getOrDefault(pair, PairPolicies.NONE);
                if (!Objects.equals(wanted, policies.getOrDefault(pair, PairPolicies.NONE))) {
                    if (done++ == patience) {
                        return true;
                    }
                    policies.put(pair, wanted);
                    faulty = false;
                }
            }
            for (SaDir direction : List.of(SaDir.OUT, SaDir.IN)) {
                for (TunnelSa sa : List.copyOf(kernel)) {
                    if (sa.direction() == direction && !decision.sas().contains(sa)) {
                        if (done++ == patience) {
                            return true;
                        }
                        kernel.remove(sa);
                    }
                }
            }
            return false;
        }

        private void install(TunnelSa sa) {
            if (!ledger.add(sa)) {
                violations.add(this + " installs again " + sa);
            }
            if (sa.outbound() && !keysUsedToSend.add(List.of(name, sa))) {
                violations.add("a key is used twice: " + sa);
            }
            kernel.add(sa);
        }

        /** As Linux chooses (xfrm_state_look_at): the CPU's own SA before the one without a CPU, and the one added last. */
        private void send(ModelledNode to, int cpu) {
            TunnelPair pair = new TunnelPair(TUNNEL, to.uid());
            packets++;
            if (!policies.getOrDefault(pair, PairPolicies.NONE).sends()) {
                boolean refused = to.policies
                                .getOrDefault(new TunnelPair(TUNNEL, uid()), PairPolicies.NONE)
                                .receives()
                        == Receiving.REQUIRES;
                if (refused && boots == 1) {
                    violations.add(to + " refuses what " + this + " sends in the clear");
                }
                return;
            }
            List<TunnelSa> all = List.copyOf(of(pair, SaDir.OUT));
            Optional<TunnelSa> sa = all.reversed().stream()
                    .filter(s -> s.cpu().equals(Optional.of(cpu)))
                    .findFirst()
                    .or(() -> all.reversed().stream()
                            .filter(s -> s.cpu().isEmpty())
                            .findFirst());
            if (sa.isEmpty()) {
                if (broken.isEmpty()) {
                    violations.add(this + " has no SA to " + to);
                }
                return;
            }
            if (random.nextInt(3) == 0) {
                flying.add(new Packet(this, to, sa.get(), now));
            } else {
                to.receive(this, sa.get(), "at once");
                if (to.policies
                                        .getOrDefault(new TunnelPair(TUNNEL, uid()), PairPolicies.NONE)
                                        .receives()
                                == Receiving.NO_POLICY
                        && to.boots == 1) {
                    violations.add(to + " has no policy for what " + this + " protects");
                }
            }
        }

        private void receive(ModelledNode from, TunnelSa sa, String when) {
            TunnelSa here = sa.atOtherEnd(from.uid());
            if (!kernel.contains(here) && !broken.contains(here)) {
                violations.add(this + " lacks the SA by which " + from + " sends (" + when + "): " + sa);
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static PlannedTunnel planned() {
        return PlannedPods.tunnel(TUNNEL, INTERVAL, Optional.empty(), null);
    }
}
