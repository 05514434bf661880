package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.peers.TmpfsStore;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.secrets.PresharedKeys;
import io.ipsecxdp.agent.tunnel.Heard;
import io.ipsecxdp.agent.tunnel.NodeTunnels;
import io.ipsecxdp.agent.tunnel.PeerLink;
import io.ipsecxdp.agent.tunnel.PlannedPods;
import io.ipsecxdp.agent.tunnel.PrivateValues;
import io.ipsecxdp.agent.tunnel.Ways;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelPeersSpec;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.links.Link;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.threeten.extra.MutableClock;

/** Nodes with the loop body of an agent each, kernels in memory, folders on tmpfs, and an API server that is a map. */
final class NodesWithTunnels implements AutoCloseable {

    /** So often a node comes around in a second. */
    private static final int STEPS = 3;

    static final String TUNNEL = "uid-of-tunnel";

    final MutableClock clock = MutableClock.epochUTC();
    private final Path folder;
    private final Map<String, Heard.Said> shares = new TreeMap<>();
    private final Map<String, Member> members = new TreeMap<>();
    private final Map<String, TunnelPeer> entries = new TreeMap<>();
    private long version = 1000;
    private long revision;
    private String request = "";
    private Optional<String> presharedKey;
    private final long spis;

    NodesWithTunnels(Path folder, int nodes, Optional<String> presharedKey) {
        this(folder, nodes, presharedKey, 1L << 31);
    }

    /** @param spis of how many SPIs each SA gets one */
    NodesWithTunnels(Path folder, int nodes, Optional<String> presharedKey, long spis) {
        this.spis = spis;
        this.presharedKey = presharedKey;
        this.folder = folder;
        for (int i = 1; i <= nodes; i++) {
            Member member = new Member("n" + i, i);
            members.put(member.name, member);
            entries.put(member.name, member.entry(false));
        }
    }

    Member node(int number) {
        return members.get("n" + number);
    }

    KeyShareSpec share(int number) {
        return shares.get("n" + number).spec();
    }

    void leaveAll() {
        entries.replaceAll((name, entry) -> members.get(name).entry(true));
    }

    /** As the operator does it once all have let go. */
    void forgetAll() {
        entries.clear();
        members.values().forEach(member -> member.planned = false);
    }

    void presharedKey(String version) {
        presharedKey = Optional.of(version);
    }

    void request(String text) {
        request = text;
    }

    /** Time goes on for so long, in steps of a second. */
    void run(int seconds) {
        for (int i = 0; i < seconds; i++) {
            members.values().forEach(Member::around);
            clock.add(Duration.ofSeconds(1));
        }
    }

    @Override
    public void close() {
        members.values().forEach(Member::stop);
    }

    /** A node. */
    final class Member implements PeerLink {
        final TestingKernel kernel = new TestingKernel(clock);
        private final String name;
        private final int number;
        private final Deque<Runnable> mail = new ArrayDeque<>();
        private boolean planned = true;
        private boolean listening;
        private boolean online = true;
        private int boot = 1;
        private final Map<String, Integer> links = new HashMap<>();
        int looks;
        private int losses;
        private StateFolder state;
        private TmpfsStore store;
        private KeyRing keys;
        private KernelReconciler work;
        private NodeTunnels tunnels;
        private Desired declared;
        private Optional<Round> round;

        Member(String name, int number) {
            this.name = name;
            this.number = number;
            start();
        }

        private TunnelPeer entry(boolean leaving) {
            revision++;
            return new TunnelPeer(
                    name,
                    "uid-" + name,
                    List.of("10.0.0." + number),
                    List.of("10.%d.0.0/16".formatted(number), "fd00:%d::/64".formatted(number)),
                    TunnelPeer.MESH,
                    revision,
                    leaving ? true : null);
        }

        private void start() {
            kernel.notifications();
            state = StateFolder.open(folder.resolve("%s-disk-%d".formatted(name, losses)), "boot-" + boot);
            store = new TmpfsStore(
                    folder.resolve(name + "-memory"), "boot-" + boot, state.identity(), new PrivateValues(spis));
            tunnels = new NodeTunnels(name, store, this, this::ways);
            keys = new KeyRing(
                    this::read, (origin, answer) -> mail.add(() -> arrived(origin, answer)), state::fingerprint, clock);
            work = new KernelReconciler(kernel, state, keys, clock);
            declared = Desired.UNKNOWN;
            round = Optional.empty();
            listening = false;
        }

        private Ways ways(Set<InetAddress> destinations) {
            looks++;
            return new Ways(
                    destinations.stream()
                            .collect(Collectors.toMap(Function.identity(), to -> links.getOrDefault("eth0", 1500))),
                    List.of(
                            link("eth0", 2, links.getOrDefault("eth0", 1500)),
                            link("veth1", 3, links.getOrDefault("veth1", 1400))),
                    Map.of("eth0", List.of(IpLiterals.parse("10.0.0." + number))));
        }

        /** In another network namespace are the others' ends of both. */
        private static Link link(String name, int index, int mtu) {
            return new Link(
                    new NetDevice(name, index),
                    Link.ETHERNET,
                    "veth",
                    OptionalInt.of(7),
                    OptionalInt.empty(),
                    true,
                    false,
                    mtu);
        }

        /** The kernel gives a notification with it. */
        void mtu(String link, int mtu) {
            links.put(link, mtu);
            tunnels.linksChanged();
        }

        private void arrived(Origin origin, KeySecrets.Answer answer) {
            work.onKeyArrived(origin, answer);
        }

        private CompletableFuture<KeySecrets.Answer> read(KeySource source) {
            return CompletableFuture.completedFuture(tunnels.key((KeySource.Derived) source)
                    .<KeySecrets.Answer>map(
                            key -> new KeySecrets.Key(key, Optional.of(clock.instant()), Optional.empty()))
                    .orElseGet(() -> new KeySecrets.NoKey(Reason.KeyMissing, "lost")));
        }

        private void stop() {
            keys.close();
            store.close();
            state.close();
            mail.clear();
        }

        void restart() {
            stop();
            start();
        }

        /** The agent ends, and its state folder is gone when it starts again. The kernel and tmpfs are not. */
        void loseStateFolder() {
            stop();
            losses++;
            start();
        }

        void reboot() {
            stop();
            boot++;
            kernel.boot();
            start();
        }

        void offline(boolean cut) {
            online = !cut;
        }

        @Override
        public void read(String tunnel, KeySecretRef ref) {
            String now = presharedKey.orElseThrow();
            byte[] bytes = now.repeat(32).getBytes(StandardCharsets.UTF_8);
            mail.add(() -> tunnels.presharedKey(tunnel, new PresharedKeys.Key(now, KeyMaterial.takeFrom(bytes))));
        }

        @Override
        public void listen(boolean wanted) {
            listening = wanted;
        }

        @Override
        public void say(KeyShareSpec share) {
            if (online) {
                version++;
                long now = version;
                shares.put(name, new Heard.Said(share, now));
                mail.add(() -> tunnels.wrote(share, now));
            }
        }

        private void around() {
            List<Slice> slices = List.of(new Slice(
                    "plan",
                    "uid-of-plan",
                    1,
                    new NodePlanSpec(name, List.of(), List.of(), List.of(), planned()),
                    Optional.empty()));
            declared = Desired.of(slices, Map.of());
            for (int i = 0; i < STEPS; i++) {
                if (listening && online) {
                    tunnels.heard(new Heard(
                            List.of(new TunnelPeersSpec("pods", TUNNEL, revision, List.copyOf(entries.values()))),
                            shares,
                            version));
                }
                work.onNotifications(kernel.notifications());
                work.setDesired(tunnels.with(declared));
                List.copyOf(mail).forEach(Runnable::run);
                mail.clear();
                round = Optional.of(work.round(facts()));
                var now = new NodeTunnels.Now(
                        slices, round.get(), state.journal(), state.ledger(), work.history(), facts(), clock.instant());
                tunnels.work(now);
                work.forgetKeys(tunnels.underivable(now));
            }
        }

        private KernelInfo facts() {
            return new KernelInfo(
                    "boot-" + boot,
                    CpuList.parse("0-1"),
                    kernel.capabilities(),
                    new ApiServerWay(Set.of(), Set.of(), 32768, 60999));
        }

        private List<PlannedTunnel> planned() {
            return planned
                    ? List.of(PlannedPods.tunnel(
                            TUNNEL, 3600, presharedKey.map(version -> new KeySecretRef("extra", "psk")), request))
                    : List.of();
        }

        /** By the origin of its SA. */
        List<Origin> keysInLedger() {
            return state.ledger().uses().stream().map(KeyUse::origin).toList();
        }

        List<Origin> owned() {
            return state.journal().sas().values().stream().map(OwnedSa::origin).toList();
        }

        TunnelReport report() {
            return tunnels.reports().get(TUNNEL);
        }

        /** Keys of the SAs of one direction, by destination and SPI. */
        Map<String, String> sad(SaDir direction) {
            Map<String, String> sad = new HashMap<>();
            for (ObservedSa sa : kernel.dumpSas().entries()) {
                if (sa.direction().equals(Optional.of(direction))) {
                    try (KeyMaterial key = kernel.keyOf(sa.id()).orElseThrow()) {
                        sad.put(sa.id().toString(), HexFormat.of().formatHex(key.copy()));
                    }
                }
            }
            return sad;
        }

        List<String> spd() {
            List<String> spd = new ArrayList<>();
            kernel.dumpPolicies()
                    .entries()
                    .forEach(policy -> spd.add("%s %s"
                            .formatted(
                                    policy.id(), policy.templates().getFirst().level())));
            return spd;
        }
    }
}
