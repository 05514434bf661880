package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.LifetimeCounters;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.ReplayState;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.threeten.extra.MutableClock;

/**
 * SAD and SPD in memory, with the kernel's rules of identity (held to {@link io.ipsecxdp.xfrm.XfrmContract}), and with a
 * memory that no kernel has: which sequence numbers were ever sent and accepted under which key, on any boot.
 */
final class TestingKernel implements Xfrm {

    /** The agent's process ends at this point. */
    static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static final String SOMEBODY_ELSES = "ffff";

    /**
     * @param floor all up to it counts as received
     * @param seen what was received since
     */
    private record Held(ObservedSa sa, String key, long floor, Set<Long> seen) {

        private Held with(ObservedSa other) {
            return new Held(other, key, floor, seen);
        }

        private boolean foreign() {
            return key.startsWith(SOMEBODY_ELSES);
        }
    }

    private final MutableClock clock;
    private final SequencedMap<SaId, Held> sas = new LinkedHashMap<>();
    private final Map<PolicyId, ObservedPolicy> policies = new LinkedHashMap<>();
    private final Set<PolicyId> foreignPolicies = new HashSet<>();
    private final Set<PolicyId> changedPolicies = new HashSet<>();
    private final Map<String, Long> lastSentWith = new HashMap<>();
    private final Map<String, Long> lastArrivedWith = new HashMap<>();
    private final Map<String, Set<Long>> acceptedWith = new HashMap<>();
    private final List<Notification> told = new ArrayList<>();
    private final List<List<Change>> applied = new ArrayList<>();
    private final List<String> noncesAtRisk = new ArrayList<>();
    private final List<String> replays = new ArrayList<>();
    private final List<String> trespasses = new ArrayList<>();
    private final List<String> interruptions = new ArrayList<>();
    private XfrmCapabilities capabilities = everything();
    private Function<Change, Optional<KernelError>> refusals = change -> Optional.empty();
    private CrashPoints crashes = new CrashPoints();
    private int crashAfter = Integer.MAX_VALUE;
    private boolean answersLost;
    private boolean keysHidden;
    private int foreignKeys;
    private Duration each = Duration.ZERO;
    private final Set<Object> asked = new HashSet<>();
    private int dumps;
    private long room;
    private long roomAtFirstSa;

    TestingKernel(MutableClock clock) {
        this.clock = clock;
    }

    /** For so many SAs the table was large enough when the first one was added. */
    long roomAtFirstSa() {
        return roomAtFirstSa;
    }

    /** For so many SAs the table was made large enough, at any time. */
    long room() {
        return room;
    }

    static XfrmCapabilities everything() {
        return Kernels.MODERN;
    }

    // What the world does

    void can(XfrmCapabilities capabilities) {
        this.capabilities = capabilities;
    }

    void refuse(Function<Change, Optional<KernelError>> refusals) {
        this.refusals = refusals;
    }

    /** Changes are done, and their acknowledgements do not arrive. */
    void loseAnswers(boolean lose) {
        answersLost = lose;
    }

    /** As under lockdown. */
    void hidesKeys() {
        keysHidden = true;
    }

    /** How long it takes for each change. */
    void takes(Duration each) {
        this.each = each;
    }

    /** Passes a point before each change, and when all are done. */
    void crashesAt(CrashPoints points) {
        crashes = points;
    }

    /** The agent crashes when this many changes of its next batch are done. */
    void crashAfter(int changes) {
        crashAfter = changes;
    }

    void boot() {
        sas.clear();
        policies.clear();
        foreignPolicies.clear();
        told.clear();
    }

    void send(SaId id, long packets) {
        sas.computeIfPresent(id, (same, held) -> {
            if (held.sa().direction().equals(Optional.of(SaDir.IN))) {
                return held;
            }
            long last = held.sa().replay().lastSent() + packets;
            lastSentWith.merge(held.key(), last, Math::max);
            return held.with(sent(held.sa(), last));
        });
    }

    /** The peer sends on with the key of this SA; returns how many of these packets were accepted. */
    int receive(SaId id, int packets) {
        Held held = sas.get(id);
        if (held == null) {
            return 0;
        }
        long before = lastArrivedWith.getOrDefault(held.key(), 0L);
        lastArrivedWith.put(held.key(), before + packets);
        return (int) LongStream.rangeClosed(before + 1, before + packets)
                .filter(sequence -> accepts(id, sequence))
                .count();
    }

    /** Packets under the key that this SA has are lost on their way. */
    void skip(SaId id, long packets) {
        lastArrivedWith.merge(sas.get(id).key(), packets, Long::sum);
    }

    /** Somebody sends again all that was ever accepted with the key of this SA; returns how much of it is accepted. */
    int replay(SaId id) {
        Held held = sas.get(id);
        return held == null
                ? 0
                : (int) List.copyOf(acceptedWith.getOrDefault(held.key(), Set.of())).stream()
                        .filter(sequence -> accepts(id, sequence))
                        .count();
    }

    /** {@code xfrm_replay_check} and {@code xfrm_replay_advance} in net/xfrm/xfrm_replay.c. */
    private boolean accepts(SaId id, long sequence) {
        Held held = sas.get(id);
        ReplayState state = held.sa().replay();
        boolean newer = sequence > state.lastReceived();
        boolean inWindow = sequence > state.lastReceived() - state.window()
                && sequence > held.floor()
                && !held.seen().contains(sequence);
        boolean accepted = state.window() == 0 || newer || inWindow;
        if (!accepted) {
            return false;
        }
        if (!acceptedWith
                        .computeIfAbsent(held.key(), key -> new LinkedHashSet<>())
                        .add(sequence)
                && state.window() > 0) {
            replays.add("%s accepted %d twice".formatted(id, sequence));
        }
        if (state.window() > 0) {
            held.seen().add(sequence);
            sas.put(id, held.with(received(held.sa(), Math.max(sequence, state.lastReceived()))));
        }
        return true;
    }

    /** A limit of the lifetime is reached; the hard one ends the SA. */
    void expire(SaId id, boolean hard) {
        if (hard) {
            sas.remove(id);
        }
        told.add(foreign(new Notification.SaExpired(id, hard)));
    }

    void flushSas() {
        if (!sas.isEmpty()) {
            sas.clear();
            told.add(foreign(new Notification.SasFlushed(IpProtocol.ANY)));
        }
    }

    void flushPolicies() {
        if (!policies.isEmpty()) {
            policies.clear();
            foreignPolicies.clear();
            told.add(foreign(new Notification.PoliciesFlushed(PolicyId.Type.MAIN)));
        }
    }

    /** Somebody else's command. */
    void deleteSa(SaId id) {
        Held held = sas.remove(id);
        if (held != null) {
            told.add(foreign(new Notification.SaDeleted(held.sa())));
        }
    }

    void deletePolicy(PolicyId id) {
        ObservedPolicy policy = policies.remove(id);
        foreignPolicies.remove(id);
        if (policy != null) {
            told.add(foreign(new Notification.PolicyDeleted(policy)));
        }
    }

    /** Somebody else's SA, with a key of its own. */
    void addForeign(Sa sa) {
        ObservedSa observed = observed(sa, 0);
        sas.put(
                sa.id(),
                new Held(observed, SOMEBODY_ELSES + HexFormat.of().toHexDigits(++foreignKeys), 0, new HashSet<>()));
        told.add(foreign(new Notification.SaAdded(observed)));
    }

    void addForeign(Policy policy) {
        policies.put(policy.id(), observed(policy));
        foreignPolicies.add(policy.id());
        told.add(foreign(new Notification.PolicyAdded(policies.get(policy.id()))));
    }

    /** Somebody else changes a policy in place. */
    void replaceForeign(Policy policy) {
        policies.put(policy.id(), observed(policy));
        changedPolicies.add(policy.id());
        told.add(foreign(new Notification.PolicyUpdated(policies.get(policy.id()))));
    }

    /** Somebody else changes the lifetime of an SA, as UPDSA can. */
    void changeLifetimeForeign(SaId id) {
        changeForeign(id, options -> options.withLifetime(Lifetime.ofSeconds(3600)));
    }

    /** Somebody else changes the output mark of an SA, as UPDSA can. */
    void changeForeign(SaId id) {
        changeForeign(id, options -> options.withOutputMark(Optional.of(new XfrmMark(7, -1))));
    }

    private void changeForeign(SaId id, UnaryOperator<SaOptions> change) {
        sas.computeIfPresent(id, (same, held) -> {
            ObservedSa sa = held.sa();
            ObservedSa changed = sa.withOptions(change.apply(sa.options()));
            told.add(foreign(new Notification.SaUpdated(changed)));
            return held.with(changed);
        });
    }

    /** A packet that a policy selects finds no SA. */
    void acquire(PolicyId policy, XfrmSelector packet, OptionalInt cpu) {
        told.add(foreign(new Notification.Acquire(packet, policies.get(policy), cpu)));
    }

    /** The socket overflows: what was not heard yet is lost. */
    void overflow() {
        told.clear();
        told.add(foreign(new Notification.Lost("the socket is full")));
    }

    // What a test looks at

    List<Notification> notifications() {
        List<Notification> notifications = List.copyOf(told);
        told.clear();
        return notifications;
    }

    boolean hasNotifications() {
        return !told.isEmpty();
    }

    Set<SaId> saIds() {
        return Set.copyOf(sas.keySet());
    }

    Set<PolicyId> policyIds() {
        return Set.copyOf(policies.keySet());
    }

    ObservedSa sa(SaId id) {
        return sas.get(id).sa();
    }

    ObservedPolicy policy(PolicyId id) {
        return policies.get(id);
    }

    /** Changes since the last call, in order. */
    List<Change> changes() {
        return batches().stream().flatMap(List::stream).toList();
    }

    /** The same, as they were asked for together. */
    List<List<Change>> batches() {
        List<List<Change>> batches = List.copyOf(applied);
        applied.clear();
        return batches;
    }

    /** What it was asked for one by one since the last call. */
    Set<Object> asked() {
        Set<Object> ids = Set.copyOf(asked);
        asked.clear();
        return ids;
    }

    int dumps() {
        return dumps;
    }

    /** Entries that the agent put there. */
    Set<Object> ours() {
        Set<Object> ours = new HashSet<>();
        sas.values().stream()
                .filter(held -> !held.foreign())
                .forEach(held -> ours.add(held.sa().id()));
        policies.keySet().stream().filter(id -> !foreignPolicies.contains(id)).forEach(ours::add);
        return ours;
    }

    /** Every time that a nonce could have been used twice. */
    List<String> noncesAtRisk() {
        return noncesAtRisk;
    }

    /** Every time that an SA with a replay window accepted a packet again that was accepted before. */
    List<String> replays() {
        return replays;
    }

    /** Every time that something of others was touched. */
    List<String> trespasses() {
        return trespasses;
    }

    /** Every time that the agent changed a policy so that its packets are lost, and were not before. */
    List<String> interruptions() {
        return interruptions;
    }

    private void watch(Policy change) {
        boolean changed = changedPolicies.remove(change.id());
        ObservedPolicy before = policies.get(change.id());
        boolean fits = change.templates().stream()
                .filter(template -> before == null || !before.templates().contains(template))
                .allMatch(template -> sas.values().stream()
                        .map(Held::sa)
                        .anyMatch(sa -> sa.reqid() == template.reqid()
                                && template.ends()
                                        .filter(ends -> ends.source().equals(sa.source())
                                                && ends.destination()
                                                        .equals(sa.id().destination()))
                                        .isPresent()));
        if (!changed && !fits) {
            interruptions.add("replaced %s by one without an SA".formatted(change.id()));
        }
    }

    // Xfrm

    @Override
    public List<Result> apply(List<Change> changes) {
        List<Result> results = new ArrayList<>();
        if (sas.isEmpty()) {
            roomAtFirstSa = room;
        }
        for (Change change : changes) {
            if (results.size() == crashAfter) {
                crashAfter = Integer.MAX_VALUE;
                throw new Crash();
            }
            crashes.pass();
            clock.add(each);
            Optional<KernelError> error = refusals.apply(change).or(() -> apply(change));
            results.add(new Result(change, answersLost ? Optional.of(KernelError.of(Errno.ENOBUFS)) : error));
        }
        applied.add(List.copyOf(changes));
        if (crashAfter != Integer.MAX_VALUE) {
            crashAfter = Integer.MAX_VALUE;
            throw new Crash();
        }
        crashes.pass();
        return results;
    }

    private Optional<KernelError> apply(Change change) {
        return switch (change) {
            case Change.AddSa(Sa sa, KeyMaterial key, long last) -> {
                if (lookup(sa.id()).isPresent()) {
                    yield Optional.of(KernelError.of(Errno.EEXIST));
                }
                String bytes = hex(key);
                if (sa.direction() == SaDir.OUT) {
                    watch(sa, bytes, last);
                }
                sas.put(sa.id(), new Held(observed(sa, last), bytes, last, new HashSet<>()));
                told.add(own(new Notification.SaAdded(sas.get(sa.id()).sa())));
                yield Optional.empty();
            }
            case Change.ChangeLifetime(Sa sa) -> {
                Held held = lookup(sa.id()).orElse(null);
                if (held == null) {
                    yield Optional.of(KernelError.of(Errno.ESRCH));
                }
                if (held.foreign()) {
                    trespasses.add("changed somebody else's SA " + sa.id());
                }
                ObservedSa changed = held.sa()
                        .withOptions(
                                held.sa().options().withLifetime(sa.options().lifetime()));
                sas.put(changed.id(), held.with(changed));
                told.add(own(new Notification.SaUpdated(changed)));
                yield Optional.empty();
            }
            case Change.DeleteSa(SaId id) -> {
                Held held = lookup(id).orElse(null);
                if (held == null) {
                    yield Optional.of(KernelError.of(Errno.ESRCH));
                }
                sas.remove(held.sa().id());
                if (held.foreign()) {
                    trespasses.add("removed somebody else's SA " + id);
                }
                told.add(own(new Notification.SaDeleted(held.sa())));
                yield Optional.empty();
            }
            case Change.AddPolicy(Policy policy) -> {
                if (policies.containsKey(policy.id())) {
                    yield Optional.of(KernelError.of(Errno.EEXIST));
                }
                policies.put(policy.id(), observed(policy));
                told.add(own(new Notification.PolicyAdded(policies.get(policy.id()))));
                yield Optional.empty();
            }
            case Change.ReplacePolicy(Policy policy) -> {
                if (foreignPolicies.contains(policy.id())) {
                    trespasses.add("replaced somebody else's " + policy.id());
                }
                watch(policy);
                policies.put(policy.id(), observed(policy));
                told.add(own(new Notification.PolicyUpdated(policies.get(policy.id()))));
                yield Optional.empty();
            }
            case Change.DeletePolicy(PolicyId id) -> {
                ObservedPolicy policy = policies.remove(id);
                if (policy == null) {
                    yield Optional.of(KernelError.of(Errno.ENOENT));
                }
                if (foreignPolicies.contains(id)) {
                    trespasses.add("removed somebody else's " + id);
                }
                told.add(own(new Notification.PolicyDeleted(policy)));
                yield Optional.empty();
            }
        };
    }

    private void watch(Sa sa, String key, long last) {
        boolean live = sas.values().stream()
                .anyMatch(
                        held -> held.key().equals(key) && held.sa().direction().equals(Optional.of(SaDir.OUT)));
        if (live) {
            noncesAtRisk.add("two live SAs send with the key of " + sa.id());
        }
        Long sent = lastSentWith.get(key);
        if (sent != null && last < sent) {
            noncesAtRisk.add("%s begins after %d, and its key was used up to %d".formatted(sa.id(), last, sent));
        }
        // That it exists counts as use: it could have sent
        lastSentWith.merge(key, last, Math::max);
    }

    @Override
    public Dump<ObservedSa> dumpSas() {
        dumps++;
        return new Dump<>(sas.values().stream().map(Held::sa).toList(), List.of());
    }

    @Override
    public Dump<ObservedPolicy> dumpPolicies() {
        return new Dump<>(List.copyOf(policies.values()), List.of());
    }

    @Override
    public Optional<ObservedPolicy> get(PolicyId id) {
        asked.add(id);
        return Optional.ofNullable(policies.get(id));
    }

    @Override
    public Optional<ObservedSa> get(SaId id) {
        asked.add(id);
        return lookup(id).map(Held::sa);
    }

    /** The newest whose mark takes in the one that is asked for ({@code __xfrm_state_lookup} in net/xfrm/xfrm_state.c). */
    private Optional<Held> lookup(SaId id) {
        SaId unmarked = id.withoutMark();
        return sas.sequencedKeySet().reversed().stream()
                .filter(held -> held.spi() == id.spi()
                        && held.withoutMark().equals(unmarked)
                        && held.mark().takesIn(id.mark()))
                .findFirst()
                .map(sas::get);
    }

    @Override
    public void makeRoom(long sas) {
        room = Math.max(room, sas);
    }

    @Override
    public Optional<KeyMaterial> keyOf(SaId id) {
        return Optional.ofNullable(sas.get(id))
                .filter(held -> lookup(id).equals(Optional.of(held)))
                .filter(held -> !keysHidden)
                .map(held -> KeyMaterial.takeFrom(HexFormat.of().parseHex(held.key())));
    }

    @Override
    public XfrmCapabilities probe() {
        return capabilities;
    }

    @Override
    public XfrmCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public Subscription subscribe(Set<NotificationGroup> groups) {
        throw new UnsupportedOperationException("a test hands notifications on itself");
    }

    @Override
    public OptionalLong namespaceCookie() {
        return OptionalLong.empty();
    }

    @Override
    public void close() {}

    private ObservedSa observed(Sa sa, long last) {
        ObservedSa installed = AsObserved.sa(sa, capabilities, now());
        int window = installed.replay().window();
        return installed.withReplay(
                sa.direction() == SaDir.OUT ? new ReplayState(window, 0, last) : new ReplayState(window, last, 0));
    }

    private static ObservedSa received(ObservedSa sa, long last) {
        return sa.withReplay(new ReplayState(sa.replay().window(), last, 0));
    }

    private static ObservedSa sent(ObservedSa sa, long last) {
        return sa.withReplay(new ReplayState(sa.replay().window(), 0, last))
                .withCounters(
                        new LifetimeCounters(last * 100, last, sa.counters().added(), Optional.empty()));
    }

    private ObservedPolicy observed(Policy policy) {
        return AsObserved.policy(policy, policies.size() + 1L, now());
    }

    /** The kernel tells the time of installation to the second. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    private static String hex(KeyMaterial key) {
        ByteBuffer bytes = ByteBuffer.allocate(key.length());
        key.writeTo(bytes);
        return HexFormat.of().formatHex(bytes.array());
    }

    private static Notification own(Notification.Event event) {
        return new Notification(event, true);
    }

    private static Notification foreign(Notification.Event event) {
        return new Notification(event, false);
    }

    @Override
    public String toString() {
        return sas.keySet().stream().map(SaId::toString).collect(Collectors.joining(", "));
    }
}
