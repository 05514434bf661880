package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.PoliciesInForce;
import io.ipsecxdp.agent.ledger.PolicyFile;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.BootPolicies;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.report.PlanReport;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedPolicyBuilder;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSaBuilder;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Notification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.threeten.extra.MutableClock;

/** A node with an agent's loop body, a kernel in memory, a state folder on disk, and an API server that is a map. */
public final class TestingNode implements AutoCloseable {

    private static final Duration RESYNC = Duration.ofSeconds(10);

    private record Answered(Origin origin, KeySecrets.Answer answer) {}

    final MutableClock clock = MutableClock.epochUTC();
    final TestingKernel kernel = new TestingKernel(clock);
    final CrashPoints crashes = new CrashPoints();
    private final List<KeyMaterial> keysHandedOut = new ArrayList<>();
    private Runnable onCrash = () -> {};
    private boolean crashed;
    private final Path folder;
    private final Map<KeySecretRef, byte[]> secrets = new HashMap<>();
    private final Map<String, NodePlanSpec> plans = new LinkedHashMap<>();
    private final Map<String, NodePlanStatus> statuses = new HashMap<>();
    private final Deque<Answered> answers = new ArrayDeque<>();
    private ApiServerWay apiServer = new ApiServerWay(Set.of(), Set.of(), 32768, 60999);
    private boolean apiServerUp = true;
    private Optional<Map<String, NodePlanSpec>> planned = Optional.empty();
    private KernelInfo lastFacts;
    private Instant resyncAt = Instant.MIN;
    private int boot = 1;
    private StateFolder state;
    private PolicyFile policyFile;
    private KeyRing keys;
    private KernelReconciler work;
    private Round last;

    TestingNode() {
        folder = scratch();
        kernel.crashesAt(crashes);
        start();
    }

    // What the world does

    void plan(String slice, List<PlannedSa> sas, List<PlannedPolicy> policies) {
        plans.put(slice, new NodePlanSpec("n1", sas, policies, List.<PlannedSteering>of()));
    }

    void withdraw(String slice) {
        plans.remove(slice);
        statuses.remove(slice);
    }

    void secret(KeySecretRef ref, byte... bytes) {
        secrets.put(ref, bytes);
    }

    void noSecret(KeySecretRef ref) {
        secrets.remove(ref);
    }

    void apiServer(ApiServerWay way) {
        apiServer = way;
    }

    void apiServerDown(boolean down) {
        apiServerUp = !down;
    }

    /** SIGTERM and start; what the kernel tells meanwhile is not heard. */
    void restart() {
        stop();
        start();
    }

    void reboot() {
        stop();
        boot++;
        kernel.boot();
        start();
    }

    void loseFolder() {
        stop();
        delete(folder);
        start();
    }

    /** What is looked at after a crash, when the next agent has opened the state folder and did nothing else yet. */
    void onCrash(Runnable look) {
        onCrash = look;
    }

    private void start() {
        kernel.notifications();
        answers.forEach(answered -> {
            if (answered.answer() instanceof KeySecrets.Key(KeyMaterial key, var made, var fingerprint)) {
                key.close();
            }
        });
        answers.clear();
        state = StateFolder.open(folder, bootId());
        keys = new KeyRing(
                this::read, (origin, answer) -> answers.add(new Answered(origin, answer)), state::fingerprint, clock);
        work = new KernelReconciler(kernel, crashes.around(state), keys, clock);
        planned = Optional.empty();
        resyncAt = Instant.MIN;
        policyFile = new PolicyFile(folder);
        policyFile
                .content()
                .filter(known -> BootPolicies.areToBeHeld(known, bootId()))
                .ifPresent(this::hold);
    }

    /** What an agent does before it knows a plan, as the kernel loop does it. */
    private void hold(PoliciesInForce policies) {
        try {
            work.setDesired(Desired.of(policies, Map.of()));
            work.round(facts());
        } catch (TestingKernel.Crash e) {
            crashed = true;
            restart();
        }
    }

    private void stop() {
        keys.close();
        state.close();
    }

    // What the agent does

    /** One time around for what happened so far, as the kernel loop does it. The process may end in the middle of it. */
    void round() {
        boolean newPlan = !planned.equals(Optional.of(plans));
        Instant now = clock.instant();
        boolean due = !now.isBefore(resyncAt)
                || !facts().equals(lastFacts)
                || work.roundDue().filter(at -> !now.isBefore(at)).isPresent();
        if (newPlan) {
            planned = Optional.of(Map.copyOf(plans));
            work.setDesired(Desired.of(slices(), Map.of()));
        } else {
            work.keepDesired(slices());
        }
        around(newPlan || due ? work::round : work::repair);
        if (newPlan || due) {
            resyncAt = now.plus(RESYNC);
        }
    }

    /** One time around, with a look at everything. */
    void resync() {
        around(work::round);
    }

    private void around(Function<KernelInfo, Round> round) {
        try {
            work.onNotifications(kernel.notifications());
            while (!answers.isEmpty()) {
                Answered answered = answers.remove();
                work.onKeyArrived(answered.origin(), answered.answer());
            }
            work.keysDue().filter(due -> !clock.instant().isBefore(due)).ifPresent(due -> work.refreshKeys());
            lastFacts = facts();
            last = round.apply(lastFacts);
            BootPolicies.after(last, lastFacts, policyFile.content()).ifPresent(policyFile::write);
            if (apiServerUp) {
                report();
            }
        } catch (TestingKernel.Crash e) {
            crashed = true;
            restart();
            onCrash.run();
        }
    }

    /** Times around at one moment, until nothing is left to do at that moment. */
    void settleNow() {
        do {
            round();
        } while (!answers.isEmpty()
                || kernel.hasNotifications()
                || !last.plan().actions().isEmpty());
    }

    /** What the kernel tells arrives late. */
    void hear(List<Notification> notifications) {
        work.onNotifications(notifications);
    }

    /** Times around until nothing changes any more, and all waiting is over. */
    void settle() {
        for (int i = 0; i < 8; i++) {
            round();
            clock.add(Duration.ofSeconds(1));
        }
    }

    private void report() {
        Set<Origin> used = new HashSet<>();
        Desired.of(slices(), Map.of()).sas().keySet().stream()
                .filter(state.ledger()::hasUsed)
                .forEach(used::add);
        PlanReport report = new PlanReport(
                bootId(),
                slices(),
                last.plan().sas(),
                last.plan().policies(),
                Map.of(),
                Map.of(),
                used,
                List.of(),
                List.of(),
                Map.of());
        for (Slice slice : slices()) {
            statuses.put(slice.name(), report.status(slice, slice.status(), clock.instant()));
        }
    }

    private CompletableFuture<KeySecrets.Answer> read(KeySource source) {
        KeySecretRef ref = switch (source) {
            case KeySource.InSecret(Protection protection) -> protection.keySecretRef();
            case KeySource.Derived derived -> throw new IllegalArgumentException("no tunnel is planned here");
        };
        byte[] bytes = secrets.get(ref);
        if (!apiServerUp) {
            return CompletableFuture.completedFuture(new KeySecrets.NoKey(Reason.KeyUnreadable, "down"));
        }
        if (bytes == null) {
            return CompletableFuture.completedFuture(
                    new KeySecrets.NoKey(Reason.KeyMissing, "There is no Secret " + ref + "."));
        }
        KeyMaterial key = KeyMaterial.takeFrom(bytes.clone());
        keysHandedOut.add(key);
        return CompletableFuture.completedFuture(
                new KeySecrets.Key(key, Optional.of(clock.instant()), Optional.empty()));
    }

    // What a test looks at

    /** Every key that was read from a Secret so far. */
    List<KeyMaterial> keysHandedOut() {
        return keysHandedOut;
    }

    boolean crashed() {
        return crashed;
    }

    Round last() {
        return last;
    }

    EntryStatus sa(String uid) {
        return last.plan().sas().get(Origin.of(uid));
    }

    EntryStatus policy(String uid, PolicyDirection direction) {
        return last.plan().policies().get(new Desired.PolicyKey(Origin.of(uid), direction));
    }

    NodePlanStatus status(String slice) {
        return statuses.get(slice);
    }

    StateFolder state() {
        return state;
    }

    List<Slice> slices() {
        List<Slice> slices = new ArrayList<>();
        plans.forEach((name, spec) ->
                slices.add(new Slice(name, "uid-" + name, 1, spec, Optional.ofNullable(statuses.get(name)))));
        return slices;
    }

    private KernelInfo facts() {
        return new KernelInfo(bootId(), CpuList.parse("0-3"), kernel.capabilities(), apiServer);
    }

    private String bootId() {
        return "boot-" + boot;
    }

    @Override
    public void close() {
        stop();
        delete(folder);
    }

    // What is planned

    public static PlannedSa outbound(String uid, long spi) {
        return sa(uid, spi, SaDirection.Out, "10.0.0.1", "10.0.0.2");
    }

    static PlannedSa inbound(String uid, long spi) {
        return sa(uid, spi, SaDirection.In, "10.0.0.2", "10.0.0.1");
    }

    static PlannedSa withoutWindow(PlannedSa sa) {
        return sa.withTerms(sa.terms().withReplayWindow(0).withEsn(false));
    }

    private static PlannedSa sa(String uid, long spi, SaDirection direction, String source, String destination) {
        return PlannedSaBuilder.builder()
                .withName("name-" + uid)
                .withUid(uid)
                .withGeneration(1L)
                .withDirection(direction)
                .withSource(source)
                .withDestination(destination)
                .withSpi(spi)
                .withEncryption(Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 128, keyOf(uid)))
                .withTerms(SaTermsBuilder.builder()
                        .withMode(SaMode.Tunnel)
                        .withReqid(0x1000_0001L)
                        .withReplayWindow(1024)
                        .withEsn(true)
                        .build())
                .build();
    }

    static PlannedSa withReqid(long reqid, PlannedSa sa) {
        return sa.withTerms(sa.terms().withReqid(reqid));
    }

    static PlannedSa ownedBy(int cpu, PlannedSa sa) {
        return sa.withCpu(cpu);
    }

    static PlannedSa withKey(KeySecretRef key, PlannedSa sa) {
        return sa.withEncryption(
                Protection.aead(sa.encryption().algorithm(), sa.encryption().keyBits(), key));
    }

    /** Deleted, and applied again with the same name and key. */
    static PlannedSa declaredAnew(PlannedSa sa) {
        return sa.with().withUid(sa.uid() + "-anew").withGeneration(1L).build();
    }

    static KeySecretRef keyOf(String uid) {
        return new KeySecretRef("keys", uid);
    }

    static PlannedPolicy protect(String uid, PolicyDirection direction, int priority) {
        return protect(uid, direction, priority, 0x1000_0001L);
    }

    static PlannedPolicy protect(String uid, PolicyDirection direction, int priority, long reqid) {
        boolean out = direction == PolicyDirection.Out;
        return PlannedPolicyBuilder.builder()
                .withName("name-" + uid)
                .withUid(uid)
                .withGeneration(1L)
                .withDirection(direction)
                .withSelectorSource(out ? "10.1.0.0/16" : "10.2.0.0/16")
                .withSelectorDestination(out ? "10.2.0.0/16" : "10.1.0.0/16")
                .withProtocol("Any")
                .withAction(PolicyAction.Protect)
                .withPriority(priority)
                .withTemplate(PlannedPolicy.Template.esp(
                        SaMode.Tunnel, out ? "10.0.0.1" : "10.0.0.2", out ? "10.0.0.2" : "10.0.0.1", reqid))
                .build();
    }

    /** A key of the right length whose bytes all depend on the number. */
    public static byte[] key(int number) {
        byte[] key = new byte[20];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (number * 31 + i);
        }
        key[0] = (byte) number;
        key[1] = (byte) (number >> 8);
        return key;
    }

    /** In memory where there is such a file system: a property opens thousands of folders. */
    private static Path scratch() {
        Path memory = Path.of("/dev/shm");
        try {
            return (Files.isWritable(memory)
                            ? Files.createTempDirectory(memory, "agent-state")
                            : Files.createTempDirectory("agent-state"))
                    .resolve("state");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
