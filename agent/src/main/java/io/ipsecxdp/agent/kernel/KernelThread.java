package io.ipsecxdp.agent.kernel;

import static java.time.temporal.ChronoUnit.SECONDS;

import io.ipsecxdp.agent.kernel.Events.CpusChanged;
import io.ipsecxdp.agent.kernel.Events.Event;
import io.ipsecxdp.agent.kernel.Events.FactsAre;
import io.ipsecxdp.agent.kernel.Events.KernelTold;
import io.ipsecxdp.agent.kernel.Events.KeyArrived;
import io.ipsecxdp.agent.kernel.Events.LinksChanged;
import io.ipsecxdp.agent.kernel.Events.PeersHeard;
import io.ipsecxdp.agent.kernel.Events.PlansAre;
import io.ipsecxdp.agent.kernel.Events.PresharedKeyRead;
import io.ipsecxdp.agent.kernel.Events.ShareWritten;
import io.ipsecxdp.agent.kernel.Events.Stop;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.PoliciesInForce;
import io.ipsecxdp.agent.ledger.PolicyFile;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.BootPolicies;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.report.Failing;
import io.ipsecxdp.agent.report.NodeReporter;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.secrets.PresharedKeys;
import io.ipsecxdp.agent.steering.NotifiedMarks;
import io.ipsecxdp.agent.steering.Steerer;
import io.ipsecxdp.agent.tunnel.Heard;
import io.ipsecxdp.agent.tunnel.NodeTunnels;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmMark;
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
 * ends it but {@link #close}: what fails is logged, reported, and tried again.
 */
public final class KernelThread implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(KernelThread.class);

    /** A change that no notification told of is found after this time. */
    private static final Duration RESYNC = Duration.ofSeconds(10);

    /** Rounds that fail for so long, some resyncs, are no passing trouble: what was seen last counts no more. */
    private static final Duration PATIENCE = RESYNC.multipliedBy(3);

    /** What a kernel lacks may come with a module that is loaded later. */
    private static final Duration PROBE_AGAIN = Duration.ofMinutes(5);

    /**
     * To go through ten thousand SAs or policies after a round takes longer than to repair one. So after a repair it waits for so long,
     * and other repairs are done before.
     */
    private static final Duration AFTER_REPAIR = Duration.ofMillis(250);

    private final Events events;
    private final Xfrm xfrm;
    private final KernelReconciler reconciler;
    private final Steerer steerer;
    private final Supplier<CpuList> onlineCpus;
    private final NodeReporter reporter;
    private final NodeTunnels tunnels;
    private final PolicyFile policyFile;
    private final Consumer<StatusUpdate> listener;
    private final Clock clock;
    private final Thread thread;

    private final Orders orders = new Orders();
    private final KeyBatch keyBatch = new KeyBatch();
    private final Job resync = new Job("The resync", this::resync);
    private final Job desire = new Job("Working out what is desired", this::desire);
    private final Job agreement;
    private final Job keys;
    private final Job rounds = new Job("The work on SAD and SPD", this::reconcile, this::reconciliationDue);
    private final Job memory = new Job("Writing down what is to be protected after a boot", this::remember);
    private final Job afterRound = new Job("Going through all SAs", this::afterRound);
    private final Job steering = new Job("Steering", this::steer, Optional::empty, this::isSteeringUrgent);
    private final Job report = new Job("Reporting", this::report, this::reportDue);
    private final Job holding = new Job("Protecting what was protected before the boot", this::hold);
    private final Schedule schedule;
    /** Until a plan is known. */
    private final Schedule beforePlans;

    /** Of the boot before. */
    private final Optional<PoliciesInForce> held;

    private Optional<NodeInfo> facts = Optional.empty();
    /** The next round has to look at everything, and not only at what notifications and keys were about. */
    private boolean wholeRound;
    /** Packets may be sent to a CPU that is not there, or dropped although an SA with a mark is there for them. */
    private boolean steeringUrgent;

    /** What the NodePlans list. */
    private Desired declared = Desired.UNKNOWN;

    private Optional<Round> round = Optional.empty();
    private Map<InterfaceStatus.Key, InterfaceStatus> steered = Map.of();
    /** When everything in the kernel was read last. */
    private Instant readAt;
    /** Of the SAs in the SAD, since a round first read it. */
    private Optional<Set<XfrmMark>> marks = Optional.empty();

    private Optional<String> intakeTrouble = Optional.empty();
    private Optional<String> reportedTrouble = Optional.empty();
    private Optional<Failing> reportedFailing = Optional.empty();
    private Instant probedAt;
    private volatile ObservedSa.Errors refused = ObservedSa.Errors.NONE;

    /**
     * @param onlineCpus reads which they are at this moment
     * @param policyFile what is in force until plans are known, should the node have booted since
     * @param listener is told after each time around, on this thread; must not block
     */
    public KernelThread(
            Events events,
            Xfrm xfrm,
            KernelReconciler reconciler,
            Steerer steerer,
            Supplier<CpuList> onlineCpus,
            NodeReporter reporter,
            NodeTunnels tunnels,
            PolicyFile policyFile,
            Consumer<StatusUpdate> listener,
            Clock clock) {
        this.events = events;
        this.xfrm = xfrm;
        this.reconciler = reconciler;
        this.steerer = steerer;
        this.onlineCpus = onlineCpus;
        this.reporter = reporter;
        this.tunnels = tunnels;
        this.agreement = new Job("Agreeing keys with other nodes", this::agree, tunnels::due);
        this.policyFile = policyFile;
        this.listener = listener;
        this.clock = clock;
        this.keys = new Job("Asking for keys", reconciler::refreshKeys, reconciler::keysDue);
        this.schedule = new Schedule(
                List.of(resync, desire, agreement, keys, rounds, memory, afterRound, steering, report), clock);
        this.beforePlans = new Schedule(List.of(holding), clock);
        this.held = policyFile
                .content()
                .filter(known ->
                        BootPolicies.areToBeHeld(known, reporter.identity().boot()));
        this.probedAt = clock.instant();
        this.readAt = probedAt;
        this.thread = Thread.ofPlatform().name("kernel").unstarted(this::run);
        resync.dueAt(probedAt);
        holding.dueAt(probedAt);
    }

    public void start() {
        thread.start();
    }

    /** Whether the thread comes around. */
    public boolean alive() {
        return thread.isAlive() && !schedule.isStuck();
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
                // A queue waits for whole milliseconds: one more, so that the job is due then
                List<Event> batch = events.await(
                        jobs().map(jobs -> jobs.untilDue().plusMillis(1)).orElse(Schedule.LONGEST_WAIT));
                schedule.comeAround();
                if (batch.stream().anyMatch(Stop.class::isInstance)) {
                    return;
                }
                Events.condensed(batch).forEach(this::takeIn);
                jobs().ifPresent(Schedule::run);
            }
        } catch (InterruptedException e) {
            LOG.warn("The kernel thread was interrupted");
        } finally {
            reconciler.logActions();
            steerer.close();
        }
    }

    /** Without a plan nothing is done and nothing is undone, but for what a boot undid. */
    private Optional<Schedule> jobs() {
        if (facts.isEmpty()) {
            return Optional.empty();
        }
        return orders.areKnown() ? Optional.of(schedule) : held.map(policies -> beforePlans);
    }

    /** An event that cannot be taken in is lost, so everything is looked at instead. */
    private void takeIn(Event event) {
        try {
            on(event);
            intakeTrouble = Optional.empty();
        } catch (RuntimeException | LinkageError e) {
            LOG.errorf(e, "An event could not be taken in");
            intakeTrouble = Optional.of("Taking in what happened failed: " + e.getMessage());
            needRound();
        }
    }

    private void on(Event event) {
        Instant now = clock.instant();
        switch (event) {
            case PlansAre(List<Slice> read) -> plansAre(read);
            case KernelTold(List<Notification> notifications) -> {
                if (reconciler.onNotifications(notifications)) {
                    rounds.dueAt(now);
                    holding.dueAt(now);
                }
                marks = marks.map(known -> withMarks(known, NotifiedMarks.in(notifications)));
            }
            case LinksChanged() -> {
                tunnels.linksChanged();
                steering.dueAt(now);
                desire.dueAt(now);
                holding.dueAt(now);
            }
            case KeyArrived(Origin origin, KeySecrets.Answer answer) -> {
                if (reconciler.onKeyArrived(origin, answer)) {
                    keyBatch.keyArrived(now);
                }
            }
            case PeersHeard(Heard heard) -> {
                tunnels.heard(heard);
                agreement.dueAt(now);
            }
            case ShareWritten(KeyShareSpec share, long version) -> {
                tunnels.wrote(share, version);
                agreement.dueAt(now);
            }
            case PresharedKeyRead(String tunnel, PresharedKeys.Answer answer) -> {
                tunnels.presharedKey(tunnel, answer);
                agreement.dueAt(now);
            }
            case CpusChanged() -> facts.ifPresent(this::factsAre);
            case FactsAre(NodeInfo read) -> factsAre(read);
            case Stop() -> {}
        }
    }

    private void plansAre(List<Slice> read) {
        if (orders.read(read)) {
            desire.dueAt(clock.instant());
            steering.dueAt(clock.instant());
        } else if (!orders.areChanged()) {
            reconciler.keepDesired(tunnels.with(read));
        }
    }

    private void factsAre(NodeInfo read) {
        // What was read on another thread may be older than what the kernel told since
        NodeInfo now = read.with(onlineCpus.get());
        if (facts.filter(now::equals).isPresent()) {
            return;
        }
        steeringUrgent |=
                facts.filter(before -> !before.cpus().equals(now.cpus())).isPresent();
        facts = Optional.of(now);
        needRound();
        steering.dueAt(clock.instant());
        report.dueAt(clock.instant());
    }

    private Set<XfrmMark> withMarks(Set<XfrmMark> known, Set<XfrmMark> notified) {
        if (known.containsAll(notified)) {
            return known;
        }
        steeringUrgent = true;
        steering.dueAt(clock.instant());
        return Stream.concat(known.stream(), notified.stream()).collect(Collectors.toUnmodifiableSet());
    }

    private void needRound() {
        wholeRound = true;
        rounds.dueAt(clock.instant());
    }

    private void resync() {
        Instant now = clock.instant();
        resync.dueAt(now.plus(RESYNC));
        needRound();
        steering.dueAt(now);
    }

    /** Again and again: an interface that a policy is for may come later. */
    private void hold() {
        holding.dueAt(clock.instant().plus(RESYNC));
        reconciler.setDesired(Desired.of(held.orElseThrow(), Orders.indexes(Links.list())));
        reconciler.round(reporter.kernelFacts(facts.orElseThrow()));
        reconciler.logActions();
    }

    private void desire() {
        orders.desired(Links::list).ifPresent(desired -> {
            declared = desired;
            reconciler.setDesired(tunnels.with(declared));
            agreement.dueAt(clock.instant());
            needRound();
        });
    }

    /** Once it is known what the kernel has. */
    private void agree() {
        round.ifPresent(done -> {
            var now = reporter.forTunnels(
                    orders.slices(), done, reconciler.history(), facts.orElseThrow(), clock.instant());
            var told = tunnels.reports();
            boolean changed = tunnels.work(now);
            reconciler.forgetKeys(tunnels.underivable(now));
            if (changed) {
                reconciler.setDesired(tunnels.with(declared));
                needRound();
            }
            if (!tunnels.reports().equals(told)) {
                report.dueAt(clock.instant());
            }
        });
    }

    private Optional<Instant> reconciliationDue() {
        return Stream.of(reconciler.roundDue(), keyBatch.due(reconciler.readingKeys()))
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }

    private void reconcile() {
        Instant began = clock.instant();
        boolean whole = wholeRound
                || reconciler.roundDue().filter(due -> !began.isBefore(due)).isPresent();
        if (whole) {
            probe(began);
        }
        KernelInfo kernel = reporter.kernelFacts(facts.orElseThrow());
        try {
            round = Optional.of(whole ? reconciler.round(kernel) : reconciler.repair(kernel));
        } catch (HalfRoundException e) {
            round = Optional.of(e.read());
            readAt = whole ? clock.instant() : readAt;
            afterRound.dueAt(clock.instant());
            throw e;
        }
        wholeRound = false;
        Instant ended = clock.instant();
        readAt = whole ? ended : readAt;
        Instant later = whole ? ended : ended.plus(AFTER_REPAIR);
        memory.dueAt(later);
        afterRound.dueAt(later);
        // A node in no tunnel only looks whether its kernel has something of one, at all SAs
        agreement.dueAt(tunnels.due().isPresent() ? ended : later);
        keyBatch.installed(Duration.between(began, ended));
    }

    private void remember() {
        BootPolicies.after(round.orElseThrow(), reporter.kernelFacts(facts.orElseThrow()), policyFile.content())
                .ifPresent(policyFile::write);
    }

    private void probe(Instant now) {
        if (!xfrm.capabilities().missing().isEmpty() && now.isAfter(probedAt.plus(PROBE_AGAIN))) {
            probedAt = now;
            xfrm.probe();
        }
    }

    /** What goes through all SAs once a round has looked at them. */
    private void afterRound() {
        report.dueAt(clock.instant());
        reconciler.logActions();
        Collection<ObservedSa> sas = round.orElseThrow().observed().sas().values();
        Optional<Set<XfrmMark>> now =
                Optional.of(sas.stream().map(sa -> sa.id().mark()).collect(Collectors.toSet()));
        if (!marks.equals(now)) {
            steering.dueAt(clock.instant());
        }
        marks = now;
        refused = sas.stream().map(ObservedSa::errors).reduce(ObservedSa.Errors.NONE, ObservedSa.Errors::plus);
        mirrorSas();
    }

    /** Before anything else, once the marks of the SAs are known without which it cannot be complete. */
    private boolean isSteeringUrgent() {
        return steeringUrgent && marks.isPresent();
    }

    private void steer() {
        report.dueAt(clock.instant());
        steered = steerer.reconcile(
                orders.slices(), Links.list(), facts.orElseThrow().cpus(), marks);
        steeringUrgent = false;
        mirrorSas();
    }

    private void mirrorSas() {
        round.ifPresent(done -> steerer.know(done.desired(), done.observed()));
    }

    private Optional<Instant> reportDue() {
        return trouble().equals(reportedTrouble) && failing().equals(reportedFailing)
                ? Optional.empty()
                : Optional.of(Instant.MIN);
    }

    /** That rounds fail, once that is no passing trouble. */
    private Optional<Failing> failing() {
        Instant patience = clock.instant().minus(PATIENCE);
        return rounds.failingSince()
                .filter(since -> !patience.isBefore(since))
                .flatMap(since -> rounds.trouble())
                .map(trouble -> new Failing(
                        trouble,
                        Optional.of(readAt).filter(at -> patience.isAfter(at)).map(at -> at.truncatedTo(SECONDS))));
    }

    private Optional<String> trouble() {
        return Stream.concat(
                        intakeTrouble.stream(),
                        Stream.of(resync, desire, agreement, keys, rounds, memory, afterRound, steering)
                                .map(Job::trouble)
                                .flatMap(Optional::stream))
                .findFirst();
    }

    private void report() {
        Optional<String> trouble = trouble();
        Optional<Failing> failing = failing();
        // An agent that never could read the kernel does not leave the last word to the one before it
        round.or(() -> failing.map(blind -> Round.blind(Desired.of(orders.slices(), Map.of()))))
                .ifPresent(done -> listener.accept(reporter.news(
                        orders.slices(), facts.orElseThrow(), done, steered, tunnels.reports(), trouble, failing)));
        reportedTrouble = trouble;
        reportedFailing = failing;
    }
}
