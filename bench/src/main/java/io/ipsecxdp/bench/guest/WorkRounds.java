package io.ipsecxdp.bench.guest;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.ipsecxdp.agent.kernel.KernelReconciler;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.bench.Rounds;
import io.ipsecxdp.bench.Series;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.netlink.NetlinkXfrm;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * The work of the agent's kernel thread, with its own classes, its state folder on disk, and keys from memory: a resync of
 * what did not change, and the repair of what somebody deleted. Prints a {@link Series} in each line, after its name.
 */
public final class WorkRounds implements AutoCloseable {

    private static final int REPAIRS = 20;
    private static final long PATIENCE_SECONDS = 180;
    private static final int KEY_BYTES = 36;

    private record Told(long nanoTime, List<Notification> notifications) {}

    private final NetlinkXfrm xfrm = NetlinkXfrm.open();
    private final NetlinkXfrm somebody = NetlinkXfrm.open();
    private final Subscription subscription =
            xfrm.subscribe(Set.of(NotificationGroup.SA, NotificationGroup.POLICY, NotificationGroup.EXPIRE));
    private final BlockingQueue<Told> heard = new LinkedBlockingQueue<>();
    private final BlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
    private final Path folder;
    private final CProgram program;
    private final StateFolder state;
    private final KernelReconciler work;
    private final KernelInfo facts;
    private final List<Slice> slices;
    private final int sas;
    private final int wanted;

    private WorkRounds(LargePlan large, CProgram program, Path folder) {
        this.program = program;
        this.folder = folder;
        this.state = StateFolder.open(folder, "bench");
        this.sas = large.sas();
        this.wanted = large.sas() + large.policies();
        KeyRing keys = new KeyRing(
                source -> {
                    byte[] key = new byte[KEY_BYTES];
                    new SplittableRandom(seed(source)).nextBytes(key);
                    return CompletableFuture.completedFuture(
                            new KeySecrets.Key(KeyMaterial.takeFrom(key), Optional.empty(), Optional.empty()));
                },
                this::answered,
                state::fingerprint,
                Clock.systemUTC());
        this.work = new KernelReconciler(xfrm, state, keys, Clock.systemUTC());
        this.facts = new KernelInfo(
                "bench", CpuList.parse("0"), xfrm.capabilities(), new ApiServerWay(Set.of(), Set.of(), 32768, 60999));
        Thread.ofPlatform().daemon().start(this::listen);
        this.slices = slices(large);
        work.setDesired(Desired.of(slices, Map.of()));
    }

    /** Of one SA the same each time, and of no two: two SAs with one key are refused. */
    private static long seed(KeySource source) {
        return switch (source) {
            case KeySource.InSecret(Protection protection) ->
                seed(protection.keySecretRef().name(), protection.keySecretRef().key());
            case KeySource.Derived derived ->
                seed(derived.sa().uid(), derived.sa().child());
        };
    }

    private static long seed(String one, String other) {
        return ((long) one.hashCode() << Integer.SIZE) + other.hashCode();
    }

    /** @param arguments how many SAs, how many policies, the C program, a folder on a disk */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory(Path.of(arguments[3]), "work");
        var large = new LargePlan(
                "n1", "192.0.2.1", "192.0.2.2", Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
        try (var rounds =
                new WorkRounds(large, new CProgram(arguments[2], folder.resolve("list")), folder.resolve("state"))) {
            rounds.all();
        } finally {
            try (var files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
        System.exit(0);
    }

    private void all() {
        print("install", Series.of(seconds(() -> settle(work::round, this::all))));
        Map<String, DoubleSupplier> resyncs = new LinkedHashMap<>();
        resyncs.put("resync", this::resync);
        resyncs.put("dump", program::dumpSeconds);
        Rounds.interleaved(Rounds.LEAST, resyncs).forEach(WorkRounds::print);
        print("sa", series(REPAIRS, this::repairedSa));
        print("policy", series(REPAIRS, this::repairedPolicy));

        work.setDesired(
                Desired.of(slices.stream().map(WorkRounds::withoutReplayWindows).toList(), Map.of()));
        settle(work::round, this::all);
        List<Double> settled = new ArrayList<>();
        print("flush", series(Rounds.LEAST, () -> repairedAfterFlush(settled)));
        print("flush-settled", new Series(settled.subList(1, settled.size())));
    }

    /** Others do not come back: a flush tells of no SA up to where it received. */
    private static Slice withoutReplayWindows(Slice slice) {
        NodePlanSpec spec = slice.spec();
        List<PlannedSa> sas = spec.securityAssociations().stream()
                .map(sa -> sa.withTerms(sa.terms().withReplayWindow(0).withEsn(false)))
                .toList();
        return new Slice(
                slice.name(),
                slice.uid(),
                slice.generation(),
                new NodePlanSpec(spec.node(), sas, spec.securityPolicies(), spec.steering()),
                slice.status());
    }

    /** Seconds; writes nothing, or it is no resync. */
    private double resync() {
        quiet();
        long before = written();
        double seconds = seconds(() -> {
            if (!work.round(facts).plan().actions().isEmpty()) {
                throw new IllegalStateException("there was something to do");
            }
        });
        if (written() != before) {
            throw new IllegalStateException("a resync of what did not change wrote to the state folder");
        }
        if (heard.peek() != null) {
            throw new IllegalStateException("a resync of what did not change changed the kernel: " + heard.peek());
        }
        return seconds;
    }

    /** @param settled gets the seconds until all is read back and written down */
    private double repairedAfterFlush(List<Double> settled) {
        quiet();
        CProgram.run("ip", "xfrm", "state", "flush", "proto", "esp");
        Told told = next();
        hear(told);
        settle(work::repair, this::all);
        settled.add(secondsSince(told, System.nanoTime()));
        Told again = told;
        for (long missing = sas; missing > 0; ) {
            again = next();
            work.onNotifications(again.notifications());
            missing -= again.notifications().stream()
                    .filter(notification -> notification.event() instanceof Notification.SaAdded)
                    .count();
        }
        return secondsSince(told, again.nanoTime());
    }

    private double repairedSa() {
        quiet();
        OwnedSa sa = state.journal().sas().values().iterator().next();
        somebody.apply(List.of(new Change.DeleteSa(sa.id())));
        return untilThereAgain(
                round -> installed(round.plan().sas().get(sa.origin())),
                event -> event instanceof Notification.SaAdded(var added)
                        && added.id().equals(sa.id()));
    }

    private double repairedPolicy() {
        quiet();
        OwnedPolicy policy = state.journal().policies().values().iterator().next();
        somebody.apply(List.of(new Change.DeletePolicy(policy.id())));
        PolicyKey key = new PolicyKey(policy.origin(), PolicyDirection.In);
        return untilThereAgain(
                round -> installed(round.plan().policies().get(key)),
                event -> event instanceof Notification.PolicyAdded(var added)
                        && added.id().equals(policy.id()));
    }

    /** From the kernel's one word to its other; and what it says is read back, or it was no repair. */
    private double untilThereAgain(Predicate<Round> settled, Predicate<Notification.Event> thereAgain) {
        Told told = next();
        hear(told);
        settle(work::repair, settled);
        Told again = next();
        while (again.notifications().stream().map(Notification::event).noneMatch(thereAgain)) {
            work.onNotifications(again.notifications());
            again = next();
        }
        work.onNotifications(again.notifications());
        return secondsSince(told, again.nanoTime());
    }

    private void hear(Told told) {
        if (!work.onNotifications(told.notifications())) {
            throw new IllegalStateException("that does not call for a round: " + told.notifications());
        }
    }

    private static double secondsSince(Told told, long nanoTime) {
        return (nanoTime - told.nanoTime()) / 1e9;
    }

    /** Goes around as the agent does, with all keys that are there, until the kernel has what it shall have. */
    private void settle(Function<KernelInfo, Round> around, Predicate<Round> settled) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        takeAnswers();
        for (Round round = around.apply(facts); !settled.test(round); round = around.apply(facts)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("%d of %d are in force; of the others, one: %s"
                        .formatted(
                                installed(round),
                                wanted,
                                standings(round)
                                        .filter(standing -> !installed(standing))
                                        .findFirst()));
            }
            takeAnswers();
        }
        work.logActions();
    }

    private void takeAnswers() {
        for (Runnable answer = answers.poll(); answer != null; answer = answers.poll()) {
            answer.run();
        }
    }

    private boolean all(Round round) {
        return installed(round) == wanted;
    }

    private static long installed(Round round) {
        return standings(round).filter(WorkRounds::installed).count();
    }

    private static Stream<EntryStatus> standings(Round round) {
        return Stream.concat(round.plan().sas().values().stream(), round.plan().policies().values().stream());
    }

    private static boolean installed(EntryStatus standing) {
        return standing.state() == EntryState.Installed;
    }

    /** Until the kernel has told all of what was done before. */
    private void quiet() {
        try {
            for (Told told = heard.poll(100, TimeUnit.MILLISECONDS);
                    told != null;
                    told = heard.poll(100, TimeUnit.MILLISECONDS)) {
                work.onNotifications(told.notifications());
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private Told next() {
        try {
            Told told = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (told == null) {
                throw new IllegalStateException("the kernel told nothing");
            }
            return told;
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void listen() {
        while (true) {
            List<Notification> notifications = subscription.next();
            heard.add(new Told(System.nanoTime(), notifications));
        }
    }

    private void answered(Origin origin, KeySecrets.Answer answer) {
        answers.add(() -> work.onKeyArrived(origin, answer));
    }

    private long written() {
        return Stream.of("journal", "ledger")
                .mapToLong(name -> folder.resolve(name).toFile().length())
                .sum();
    }

    private static List<Slice> slices(LargePlan large) {
        var json = new KubernetesSerialization();
        List<Slice> slices = new ArrayList<>();
        for (Map<String, Object> spec : large.slices()) {
            String name = "slice-" + slices.size();
            slices.add(new Slice(
                    name, name, 1, json.unmarshal(LargePlan.json(spec), NodePlanSpec.class), Optional.empty()));
        }
        return slices;
    }

    private static Series series(int rounds, DoubleSupplier seconds) {
        seconds.getAsDouble();
        return new Series(DoubleStream.generate(seconds).limit(rounds).boxed().toList());
    }

    private static double seconds(Runnable work) {
        long begun = System.nanoTime();
        work.run();
        return (System.nanoTime() - begun) / 1e9;
    }

    private static void print(String name, Series series) {
        System.out.println(series.line(name));
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted", e);
    }

    @Override
    public void close() {
        somebody.close();
        state.close();
    }
}
