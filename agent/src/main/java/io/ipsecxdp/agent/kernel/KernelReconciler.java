package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.StateException;
import io.ipsecxdp.agent.plan.Action;
import io.ipsecxdp.agent.plan.Action.AdoptSa;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.DecisionInput;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.plan.Plan;
import io.ipsecxdp.agent.plan.RepairIndex;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Brings the SAD and SPD to what is desired, in rounds: observe, decide, act, and observe again until nothing is left that
 * can be done now. For one thread.
 */
public final class KernelReconciler {

    /**
     * Of observing and deciding in one round. What was installed shows in the pass after it; what needs room takes one
     * pass more for the removal, and adoptions take one for themselves.
     */
    private static final int MOST_PASSES = 5;

    /** A plan without actions: as long as its basis is the same, so is the plan. */
    private record Settled(PlanBasis basis, Plan plan) {}

    /** The last plan of a round, and what it was made of. */
    private record Outcome(Plan plan, Observed observed) {}

    /**
     * How everything stands.
     *
     * @param at when everything was looked at last; repairs since then are in the round
     */
    private record Done(Round round, KernelInfo facts, Instant at) {}

    private final Xfrm xfrm;
    private final DurableState state;
    private final KeyRing keys;
    private final Clock clock;
    private final Refusals refusals = new Refusals();
    private final ActionLog log = new ActionLog();
    private final UnexplainedAbsences absences = new UnexplainedAbsences();
    private final KernelReader reader;
    private final NotificationIntake intake;
    private final ActionExecutor executor;
    private Desired desired = Desired.UNKNOWN;
    private RepairIndex index = new RepairIndex(desired);
    private Optional<Settled> settled = Optional.empty();
    private Optional<Done> done = Optional.empty();

    public KernelReconciler(Xfrm xfrm, DurableState state, KeyRing keys, Clock clock) {
        this.xfrm = xfrm;
        this.state = state;
        this.keys = keys;
        this.clock = clock;
        this.reader = new KernelReader(xfrm);
        this.intake = new NotificationIntake(state, keys, refusals, clock);
        this.executor = new ActionExecutor(xfrm, state, keys, refusals, log, intake::history, intake::revise, clock);
    }

    public void setDesired(Desired desired) {
        this.desired = desired;
        this.index = new RepairIndex(desired);
        keys.keepOnly(desired.sas());
        refusals.keepOnly(desired);
        intake.affected().addAll();
    }

    /** The desired entries are as before; what is reported of them may have changed. */
    public void keepDesired(Collection<Slice> slices) {
        desired = desired.withReports(slices);
    }

    /** @param uses of keys that nobody can have again */
    public void forgetKeys(List<KeyUse> uses) {
        state.forgetKeys(uses);
    }

    /** What became of what is ours, as far as it is known. */
    KernelHistory history() {
        return intake.history();
    }

    /** Takes in what the kernel told; true if it calls for a round. */
    public boolean onNotifications(List<Notification> notifications) {
        return intake.onNotifications(notifications, desired, index);
    }

    /** Takes in a key, or why there is none; true if it calls for a round. */
    public boolean onKeyArrived(Origin origin, KeySecrets.Answer answer) {
        boolean changed = keys.arrived(origin, answer);
        if (changed) {
            Optional.ofNullable(desired.sas().get(origin)).ifPresent(intake.affected()::add);
        }
        return changed;
    }

    /**
     * A round that looks at everything.
     *
     * @throws HalfRoundException if disk or kernel failed after everything was read
     */
    public Round round(KernelInfo facts) {
        begin();
        Round round = settle(
                        () -> Optional.of(observe()),
                        observed -> plan(observed, facts),
                        outcome -> new Round(desired, outcome.plan(), outcome.observed(), intake.acquires()),
                        facts)
                .orElseThrow();
        end(round, facts, clock.instant());
        refreshKeys();
        return round;
    }

    /**
     * A round about the entries that notifications and keys were about since the last one: it asks the kernel for these SAs
     * and policies, and for no others. What is known of all else, such as counters, is as old as the last round that looked
     * at everything. Where it cannot be told which entries are affected, it is such a round.
     *
     * @throws HalfRoundException as {@link #round} does
     */
    public Round repair(KernelInfo facts) {
        return done.filter(last -> isRepairable(last, facts))
                .flatMap(last -> intake.affected()
                        .ids()
                        .map(ids -> index.withWaiting(ids, last.round().plan()))
                        .filter(EntryIds::isUnmarked)
                        .flatMap(ids -> repair(ids, last)))
                .orElseGet(() -> round(facts));
    }

    private boolean isRepairable(Done last, KernelInfo facts) {
        Plan plan = last.round().plan();
        return !plan.orphans()
                && plan.actions().isEmpty()
                // Only all SAs together show whether one is there that answers an acquire
                && !intake.hasAcquires()
                && last.facts().equals(facts)
                && roundDue().filter(due -> !clock.instant().isBefore(due)).isEmpty();
    }

    /** Empty if the kernel cannot be asked for just these. */
    private Optional<Round> repair(EntryIds ids, Done last) {
        begin();
        Observed whole = last.round().observed();
        Plan known = last.round().plan();
        KernelInfo facts = last.facts();
        return settle(
                        () -> observe(ids),
                        there -> Plan.of(index.part(ids, input(Observed.NOTHING, facts), there, known)),
                        part -> new Round(
                                desired,
                                known.after(part.plan()),
                                whole.after(ids, part.observed()),
                                intake.acquires()),
                        facts)
                .map(round -> end(round, facts, last.at()));
    }

    /** Should the round fail half-way, the next one has to look at everything. */
    private void begin() {
        intake.affected().addAll();
        intake.writeEndedKeys();
    }

    private Round end(Round round, KernelInfo facts, Instant at) {
        done = Optional.of(new Done(round, facts, at));
        intake.affected().clear();
        return round;
    }

    /** Empty if {@code observe} is. */
    private Optional<Round> settle(
            Supplier<Optional<Observed>> observe,
            Function<Observed, Plan> decide,
            Function<Outcome, Round> round,
            KernelInfo facts) {
        Optional<Observed> observed = observe.get();
        for (int pass = 1; observed.isPresent(); pass++) {
            Plan plan = decide.apply(observed.get());
            if (pass == MOST_PASSES || plan.actions().isEmpty()) {
                return Optional.of(round.apply(new Outcome(plan, observed.get())));
            }
            Outcome now = new Outcome(plan.withoutActions(), observed.get());
            try {
                List<AdoptSa> adoptions = plan.actions().stream()
                        .filter(AdoptSa.class::isInstance)
                        .map(AdoptSa.class::cast)
                        .toList();
                if (!adoptions.isEmpty()) {
                    // Before anything else is decided: no other SA may get their keys
                    executor.adopt(adoptions);
                    continue;
                }
                makeRoom(plan.actions());
                boolean kernelAsked = executor.execute(plan.actions(), facts);
                if (plan.actions().stream().allMatch(KernelReconciler::leavesPlanAsItIs)) {
                    return Optional.of(round.apply(now));
                }
                if (kernelAsked) {
                    observed = observe.get();
                }
            } catch (StateException | XfrmException e) {
                throw new HalfRoundException(round.apply(now), e);
            }
        }
        return Optional.empty();
    }

    /**
     * A table of SAs that grows under traffic costs packets. So it is made large before the first SA, and so before the first policy: for
     * twice what is planned, as a rekey has each SA twice. Later it would grow under traffic for this as for any other reason.
     */
    private void makeRoom(List<Action> actions) {
        if (state.journal().sas().isEmpty() && actions.stream().anyMatch(InstallSa.class::isInstance)) {
            xfrm.makeRoom(2L * desired.sas().size());
        }
    }

    /** A key that arrives calls for a round of its own, and the journal's note of what was read back decides nothing new. */
    private static boolean leavesPlanAsItIs(Action action) {
        return action instanceof ReadKey
                || action instanceof Write(JournalChange change)
                        && (change instanceof JournalChange.OwnSa || change instanceof JournalChange.OwnPolicy);
    }

    private Observed observe() {
        Observed observed = reader.all();
        boolean knownAlready = absences.isEmpty()
                && settled.map(Settled::basis)
                        .filter(basis -> basis.observed() == observed
                                && basis.journal() == state.journal()
                                && basis.history() == intake.history())
                        .isPresent();
        if (!knownAlready) {
            Set<SaId> owned = state.journal().sas().keySet();
            absences.keepOnly(owned);
            absences.update(owned, observed, intake.history(), clock.instant());
            Set<SaId> overdue = absences.removeOverdue(clock.instant());
            intake.revise(history -> history.withoutNotificationOf(overdue));
        }
        return observed;
    }

    private Optional<Observed> observe(EntryIds ids) {
        Optional<Observed> observed = reader.only(ids);
        observed.ifPresent(there -> absences.update(
                ids.sas().stream().filter(state.journal().sas()::containsKey).toList(),
                there,
                intake.history(),
                clock.instant()));
        return observed;
    }

    private Plan plan(Observed observed, KernelInfo facts) {
        intake.forgetAnswered(observed);
        boolean mayLast = refusals.isEmpty() && !intake.hasAcquires();
        PlanBasis basis = new PlanBasis(
                observed, desired, state.journal(), state.ledger(), intake.history(), keys.changes(), facts);
        Optional<Plan> same = settled.filter(before -> mayLast && before.basis().isSame(basis))
                .map(Settled::plan);
        if (same.isPresent()) {
            return same.get();
        }
        Plan plan = Plan.of(input(observed, facts));
        boolean lasts = mayLast && plan.actions().isEmpty() && !index.dependsOnTime();
        settled = lasts ? Optional.of(new Settled(basis, plan)) : Optional.empty();
        return plan;
    }

    private DecisionInput input(Observed observed, KernelInfo facts) {
        Instant now = clock.instant();
        return new DecisionInput(
                desired,
                observed,
                state.journal(),
                state.ledger(),
                intake.history(),
                keys::view,
                refusals.heldBack(now),
                Map.of(),
                intake.acquires(),
                facts,
                now);
    }

    /** Asks again for keys that are due. Their answers may call for a round. */
    public void refreshKeys() {
        keys.tend(this::isInstalled);
    }

    private boolean isInstalled(Origin origin) {
        return done.map(last -> last.round().plan().sas().get(origin))
                .filter(status -> status.state() == EntryState.Installed)
                .isPresent();
    }

    /** Whether more keys arrive in a moment. */
    public boolean readingKeys() {
        return keys.reading();
    }

    /** When {@link #refreshKeys} has something to do. */
    public Optional<Instant> keysDue() {
        return keys.nextDue();
    }

    /** When the next round is due, if nothing happens before. */
    public Optional<Instant> roundDue() {
        return Stream.concat(refusals.due().filter(this::isAfterLastRound), absences.due())
                .min(Instant::compareTo);
    }

    private boolean isAfterLastRound(Instant time) {
        return done.filter(last -> !last.at().isBefore(time)).isEmpty();
    }

    /** Logs what was done since the last call. */
    public void logActions() {
        log.flush();
    }
}
