package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.kernel.Events.CpusChanged;
import io.ipsecxdp.agent.kernel.Events.Event;
import io.ipsecxdp.agent.kernel.Events.FactsAre;
import io.ipsecxdp.agent.kernel.Events.KernelTold;
import io.ipsecxdp.agent.kernel.Events.KeyArrived;
import io.ipsecxdp.agent.kernel.Events.LinksChanged;
import io.ipsecxdp.agent.kernel.Events.PlansAre;
import io.ipsecxdp.agent.kernel.Events.Stop;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.report.NodeReporter;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.steering.NotifiedMarks;
import io.ipsecxdp.agent.steering.Steerer;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.Links;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The thread that alone changes the kernel and the state folder. Everything else talks to it by {@link Events}. Nothing
 * ends it but {@link #close}: what fails is logged, told, and tried again.
 */
public final class KernelThread implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(KernelThread.class);

    /** What no notification told of is found after this time. */
    private static final Duration RESYNC = Duration.ofSeconds(10);

    /** What a kernel lacks may come with a module that is loaded later. */
    private static final Duration PROBE_AGAIN = Duration.ofMinutes(5);

    /**
     * Keys that arrive within it, or within the time that a round takes, are installed in one round, so that a thousand SAs
     * are not a thousand dumps.
     */
    private static final Duration KEYS_GATHER = Duration.ofMillis(100);

    /** Well below the time that a key is held for. */
    private static final Duration KEYS_GATHER_AT_MOST = Duration.ofSeconds(1);

    /**
     * To tell of ten thousand SAs takes longer than to repair one. So it waits for a while after a repair, for others that
     * are to be repaired before.
     */
    private static final Duration AFTERMATH = Duration.ofMillis(250);

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    /**
     * A loop that has not come around for so long is stuck. To take in ten thousand SAs at its start took it a minute and a
     * half on a machine without a CPU to spare, and a kubelet that ends it then makes it begin again.
     */
    private static final Duration STUCK = Duration.ofMinutes(3);

    private final Events events;
    private final Xfrm xfrm;
    private final KernelReconciler work;
    private final Steerer steerer;
    private final Supplier<CpuList> onlineCpus;
    private final NodeReporter reporter;
    private final Consumer<StatusUpdate> listener;
    private final Clock clock;
    private final Thread thread;
    private final Backoff listening;
    private final Backoff rounds;
    private final Backoff aftermaths;
    private final Backoff steeringRounds;
    private final Backoff telling;

    private Optional<List<Slice>> slices = Optional.empty();
    /** Indexes by name, as far as an entry depends on one. */
    private Map<String, Integer> interfaces = Map.of();

    private Optional<NodeInfo> facts = Optional.empty();
    private Optional<Round> round = Optional.empty();
    private Map<InterfaceStatus.Key, InterfaceStatus> steering = Map.of();
    private Optional<Set<XfrmMark>> marks = Optional.empty();
    private boolean roundNeeded;
    /** A round about what was heard of is enough. */
    private boolean repairNeeded;

    private Optional<Instant> aftermathDue = Optional.empty();
    private Duration keysGather = KEYS_GATHER;
    private Optional<Instant> keysGatherUntil = Optional.empty();
    private boolean steeringNeeded;
    /**
     * Packets may be sent to a CPU that is not there, or dropped although an SA with a mark is there for them: this comes
     * before a round.
     */
    private boolean steeringUrgent;

    private boolean newsNeeded;
    private Instant resyncAt = Instant.MIN;
    private Instant probedAt;
    private volatile Instant cameAround;
    private volatile ObservedSa.Errors refused = ObservedSa.Errors.NONE;

    /**
     * @param onlineCpus reads which they are at this moment
     * @param listener is told after each time around, on the loop's thread; must not block
     */
    public KernelThread(
            Events events,
            Xfrm xfrm,
            KernelReconciler work,
            Steerer steerer,
            Supplier<CpuList> onlineCpus,
            NodeReporter reporter,
            Consumer<StatusUpdate> listener,
            Clock clock) {
        this.events = events;
        this.xfrm = xfrm;
        this.work = work;
        this.steerer = steerer;
        this.onlineCpus = onlineCpus;
        this.reporter = reporter;
        this.listener = listener;
        this.clock = clock;
        this.listening = new Backoff("Taking in what happened", clock);
        this.rounds = new Backoff("The work on SAD and SPD", clock);
        this.aftermaths = new Backoff("Looking all SAs over", clock);
        this.steeringRounds = new Backoff("Steering", clock);
        this.telling = new Backoff("Reporting", clock);
        this.cameAround = clock.instant();
        this.probedAt = clock.instant();
        this.thread = Thread.ofPlatform().name("kernel").unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    /** Whether the loop comes around. */
    public boolean alive() {
        return thread.isAlive() && clock.instant().isBefore(cameAround.plus(STUCK));
    }

    /** Leaves everything in place. */
    @Override
    public void close() {
        events.stop();
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What all SAs in the SAD refused, when it was last read; from any thread. */
    public ObservedSa.Errors refused() {
        return refused;
    }

    private void run() {
        try {
            while (true) {
                List<Event> batch = events.await(untilDue());
                cameAround = clock.instant();
                if (batch.stream().anyMatch(Stop.class::isInstance)) {
                    return;
                }
                turn(batch);
            }
        } catch (InterruptedException e) {
            LOG.warn("The kernel loop was interrupted");
        } finally {
            work.log();
            steerer.close();
        }
    }

    /** What fails keeps nothing else from being done. */
    private void turn(List<Event> batch) {
        Events.condensed(batch).forEach(event -> listening.always(() -> take(event)));
        if (slices.isEmpty() || facts.isEmpty()) {
            // Without a plan nothing is done and nothing is undone
            return;
        }
        Instant now = clock.instant();
        if (!now.isBefore(resyncAt)) {
            resyncAt = now.plus(RESYNC);
            roundNeeded = true;
            steeringNeeded = true;
        }
        if (work.keysDue().filter(due -> !now.isBefore(due)).isPresent()) {
            work.tendKeys();
        }
        roundNeeded |= work.roundDue().filter(due -> !now.isBefore(due)).isPresent();
        repairNeeded |= keysGatherUntil
                .filter(until -> !work.readingKeys() || !now.isBefore(until))
                .isPresent();
        if (steeringUrgent && marks.isPresent() && steeringRounds.attempt(this::steer)) {
            steeringNeeded = false;
        }
        Optional<String> trouble = rounds.trouble();
        if ((roundNeeded || repairNeeded) && rounds.attempt(roundNeeded ? this::round : this::repair)) {
            roundNeeded = false;
            repairNeeded = false;
        }
        newsNeeded |= !rounds.trouble().equals(trouble);
        boolean over =
                aftermathDue.filter(due -> !clock.instant().isBefore(due)).isPresent();
        if (over && aftermaths.attempt(this::aftermath)) {
            aftermathDue = Optional.empty();
        }
        if (steeringNeeded && steeringRounds.attempt(this::steer)) {
            steeringNeeded = false;
        }
        if (newsNeeded && telling.attempt(this::tell)) {
            newsNeeded = false;
        }
    }

    private void round() {
        Instant now = clock.instant();
        if (!xfrm.capabilities().missing().isEmpty() && now.isAfter(probedAt.plus(PROBE_AGAIN))) {
            probedAt = now;
            xfrm.probe();
        }
        round = Optional.of(work.round(reporter.kernelFacts(facts.orElseThrow())));
        aftermathDue = Optional.of(now);
        keysGather(now);
    }

    private void repair() {
        Instant now = clock.instant();
        round = Optional.of(work.repair(reporter.kernelFacts(facts.orElseThrow())));
        aftermathDue = aftermathDue.or(() -> Optional.of(clock.instant().plus(AFTERMATH)));
        keysGather(now);
    }

    private void keysGather(Instant begun) {
        keysGatherUntil = Optional.empty();
        Duration took = Duration.between(begun, clock.instant());
        keysGather = took.compareTo(KEYS_GATHER) < 0
                ? KEYS_GATHER
                : took.compareTo(KEYS_GATHER_AT_MOST) < 0 ? took : KEYS_GATHER_AT_MOST;
    }

    /** What goes through all SAs after they were looked at. */
    private void aftermath() {
        newsNeeded = true;
        work.log();
        Collection<ObservedSa> sas = round.orElseThrow().observed().sas().values();
        Optional<Set<XfrmMark>> now =
                Optional.of(sas.stream().map(sa -> sa.id().mark()).collect(Collectors.toSet()));
        steeringNeeded |= !marks.equals(now);
        marks = now;
        refused = sas.stream().map(ObservedSa::errors).reduce(ObservedSa.Errors.NONE, ObservedSa.Errors::plus);
        tellSas();
    }

    private void steer() {
        newsNeeded = true;
        steering = steerer.reconcile(
                slices.orElseThrow(), Links.list(), facts.orElseThrow().cpus(), marks);
        steeringUrgent = false;
        tellSas();
    }

    private void tellSas() {
        round.ifPresent(done -> steerer.know(done.desired(), done.observed()));
    }

    private void tell() {
        if (round.isPresent()) {
            Optional<String> trouble = Stream.of(listening, rounds, aftermaths, steeringRounds)
                    .map(Backoff::trouble)
                    .flatMap(Optional::stream)
                    .findFirst();
            listener.accept(reporter.news(slices.orElseThrow(), facts.orElseThrow(), round.get(), steering, trouble));
        }
    }

    private void take(Event event) {
        switch (event) {
            case PlansAre(List<Slice> now) -> {
                boolean sameOrders = slices.isPresent() && sameOrders(slices.get(), now);
                slices = Optional.of(now);
                if (sameOrders) {
                    work.wantStill(now);
                } else {
                    interfaces = Desired.namesInterfaces(now) ? indexes(Links.list()) : Map.of();
                    work.want(Desired.of(now, interfaces));
                }
                roundNeeded |= !sameOrders;
                steeringNeeded |= !sameOrders;
            }
            case KernelTold(List<Notification> notifications) -> {
                repairNeeded |= work.hear(notifications);
                marks = marks.map(known -> withMarks(known, NotifiedMarks.in(notifications)));
            }
            case LinksChanged() -> {
                steeringNeeded = true;
                slices.filter(Desired::namesInterfaces).ifPresent(this::lookAtInterfaces);
            }
            case KeyArrived(String uid, KeySecrets.Answer answer) -> {
                if (work.arrived(uid, answer) && keysGatherUntil.isEmpty()) {
                    keysGatherUntil = Optional.of(clock.instant().plus(keysGather));
                }
            }
            case CpusChanged() -> facts.ifPresent(this::factsAre);
            case FactsAre(NodeInfo now) -> factsAre(now);
            case Stop() -> {}
        }
    }

    private Set<XfrmMark> withMarks(Set<XfrmMark> known, Set<XfrmMark> notified) {
        if (known.containsAll(notified)) {
            return known;
        }
        steeringUrgent = true;
        return Stream.concat(known.stream(), notified.stream()).collect(Collectors.toUnmodifiableSet());
    }

    private void factsAre(NodeInfo read) {
        // What was read on another thread may be older than what the kernel told since
        NodeInfo now = read.with(onlineCpus.get());
        boolean same = facts.filter(now::equals).isPresent();
        steeringUrgent |=
                facts.filter(before -> !before.cpus().equals(now.cpus())).isPresent();
        facts = Optional.of(now);
        roundNeeded |= !same;
        steeringNeeded |= !same;
        newsNeeded |= !same;
    }

    private record Order(String slice, String uid, long generation) {}

    private void lookAtInterfaces(List<Slice> slices) {
        Map<String, Integer> now = indexes(Links.list());
        if (!now.equals(interfaces)) {
            interfaces = now;
            work.want(Desired.of(slices, interfaces));
            roundNeeded = true;
        }
    }

    private static Map<String, Integer> indexes(Map<String, Link> links) {
        return links.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().device().index()));
    }

    /** What this agent wrote into a status comes back as an event too. */
    private static boolean sameOrders(List<Slice> before, List<Slice> now) {
        return orders(before).equals(orders(now));
    }

    /** The API server counts the generation up with each change of a spec, and with no other. */
    private static Set<Order> orders(List<Slice> slices) {
        return slices.stream()
                .map(slice -> new Order(slice.name(), slice.uid(), slice.generation()))
                .collect(Collectors.toSet());
    }

    private Duration untilDue() {
        if (slices.isEmpty() || facts.isEmpty()) {
            return LONGEST_WAIT;
        }
        Instant now = clock.instant();
        // While rounds are held back after a failure, nothing that calls for one is due
        Stream<Instant> round = rounds.until().isPresent()
                ? rounds.until().stream()
                : Stream.of(work.roundDue(), keysGatherUntil).flatMap(Optional::stream);
        Stream<Instant> others = Stream.of(
                        Optional.of(resyncAt),
                        work.keysDue(),
                        aftermaths.until().or(() -> aftermathDue),
                        steeringRounds.until(),
                        telling.until())
                .flatMap(Optional::stream);
        return Stream.concat(round, others)
                .min(Instant::compareTo)
                .filter(now::isBefore)
                .map(due -> shorter(Duration.between(now, due)))
                .orElse(Duration.ZERO);
    }

    private static Duration shorter(Duration wait) {
        return wait.compareTo(LONGEST_WAIT) < 0 ? wait.plusMillis(1) : LONGEST_WAIT;
    }
}
