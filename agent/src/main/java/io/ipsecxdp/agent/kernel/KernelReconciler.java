package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.plan.Acquires;
import io.ipsecxdp.agent.plan.Action;
import io.ipsecxdp.agent.plan.Action.AdoptSa;
import io.ipsecxdp.agent.plan.Action.ChangeLifetime;
import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.agent.plan.Action.RemovePolicy;
import io.ipsecxdp.agent.plan.Action.RemoveSa;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.Action.WriteKey;
import io.ipsecxdp.agent.plan.DecisionInput;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.DesiredEntry;
import io.ipsecxdp.agent.plan.DesiredPolicy;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.KernelRefusal;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.plan.Plan;
import io.ipsecxdp.agent.plan.RepairIndex;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Xfrm;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** Makes SAD and SPD what they must be, round by round. For one thread. */
public final class KernelReconciler {

    private static final Logger LOG = Logger.getLogger(KernelReconciler.class);

    /** What was installed shows in the pass after it; what had to make room takes one more, and so do adoptions. */
    private static final int MOST_PASSES = 5;

    /** The kernel puts notifications into the socket before the cause of them returns; the rest is our own way here. */
    private static final Duration NOTIFICATIONS_TAKE_AT_MOST = Duration.ofSeconds(2);

    private static final int MOST_LINES = 20;

    /** Of actions at once: when the kernel was asked for an entry is written down before, and must not be long ago. */
    private static final int PORTION = 1024;

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private record Refused(EntryStatus standing, int times, Instant until) {}

    /** What a plan without actions was made of: as long as it is the same, so is the plan. */
    private record Settled(
            Observed observed,
            Desired desired,
            Journal journal,
            KeyLedger ledger,
            KernelHistory witness,
            long keys,
            KernelInfo facts,
            Plan plan) {}

    /** What was decided last, about what was seen last. */
    private record Outcome(Plan plan, Observed observed) {}

    /** The last round that looked at everything, and what was looked at since. */
    private record Done(Round round, KernelInfo facts, Instant at) {}

    /** An action with the change that it comes down to. */
    private record Step(Action action, Change change, Optional<KeyMaterial> key) {}

    private final Xfrm xfrm;
    private final StateFolder state;
    private final KeyRing keys;
    private final Clock clock;
    private final Map<DesiredEntry, Refused> refusals = new HashMap<>();
    private final Map<KeyFingerprint, KeyUse> ended = new HashMap<>();
    private final Map<SaId, Instant> absentSince = new HashMap<>();
    private final AffectedIds concerns = new AffectedIds();
    private final List<Action> unlogged = new ArrayList<>();
    private Desired desired = Desired.UNKNOWN;
    private RepairIndex neighbourhood = new RepairIndex(desired);
    private KernelHistory witness;
    private Acquires acquires = Acquires.NONE;
    private Dump<ObservedSa> dumpedSas = new Dump<>(List.of(), List.of());
    private Dump<ObservedPolicy> dumpedPolicies = new Dump<>(List.of(), List.of());
    private Observed dumped = Observed.NOTHING;
    private Optional<Settled> settled = Optional.empty();
    private Optional<Done> done = Optional.empty();

    public KernelReconciler(Xfrm xfrm, StateFolder state, KeyRing keys, Clock clock) {
        this.xfrm = xfrm;
        this.state = state;
        this.keys = keys;
        this.clock = clock;
        this.witness = KernelHistory.startingWith(state.journal());
    }

    public void want(Desired desired) {
        this.desired = desired;
        this.neighbourhood = new RepairIndex(desired);
        keys.keepOnly(desired.sas());
        concerns.everything();
    }

    /** The orders are as before; what is reported of them may have changed. */
    public void wantStill(Collection<Slice> slices) {
        desired = desired.withReports(slices);
    }

    /** Takes in what the kernel told; true if it calls for a round. */
    public boolean hear(List<Notification> notifications) {
        boolean round = false;
        for (Notification notification : notifications) {
            // The first that the kernel tells is of ours; after it, somebody else's may come and go in its place
            witness.ended(notification, state.journal(), state.ledger())
                    .ifPresent(use -> ended.putIfAbsent(use.key(), use));
            boolean matters = matters(notification);
            if (matters) {
                concerns.add(notification.event());
                readKeysAhead(notification);
            }
            round |= matters;
            boolean goesOn = notification.event() instanceof Notification.SaExpired(var id, boolean hard) && !hard;
            if (matters && !notification.own() && !goesOn) {
                // Somebody may have made room
                refusals.keySet().forEach(concerns::add);
                refusals.clear();
            }
        }
        witness = witness.after(notifications, state.journal());
        acquires = acquires.after(notifications, state.journal().policies().keySet(), clock.instant());
        writeEnded();
        return round;
    }

    /** So that it is under way while the kernel is asked what is there. */
    private void readKeysAhead(Notification notification) {
        if (notification.own()) {
            return;
        }
        switch (notification.event()) {
            case Notification.SaDeleted(ObservedSa sa) ->
                neighbourhood.wanted(sa.id()).forEach(keys::ask);
            case Notification.SasFlushed flushed -> desired.sas().values().forEach(keys::ask);
            default -> {}
        }
    }

    /** The kernel tells it once only: it is kept until the disk has it. */
    private void writeEnded() {
        state.writeKeys(List.copyOf(ended.values()));
        ended.clear();
    }

    /** Takes in a key, or why there is none; true if it calls for a round. */
    public boolean arrived(String uid, KeySecrets.Answer answer) {
        boolean changed = keys.arrived(uid, answer);
        if (changed) {
            Optional.ofNullable(desired.sas().get(uid)).ifPresent(concerns::add);
        }
        return changed;
    }

    /** Observes, decides, acts and reads back, until nothing is left to do that can be done now. */
    public Round round(KernelInfo facts) {
        concerns.everything();
        writeEnded();
        Outcome outcome = settle(() -> Optional.of(observe()), observed -> plan(observed, facts), facts)
                .orElseThrow();
        Round round = done(new Round(desired, outcome.plan(), outcome.observed(), acquires), facts, clock.instant());
        tendKeys();
        return round;
    }

    /**
     * A round about what was heard of since the last one, keys that arrived included: it asks the kernel for these SAs and
     * policies, and for no others. Where it cannot be told what else is concerned, it is a round about everything. What
     * is known of all else, counters for one, is as old as the last of those.
     */
    public Round repair(KernelInfo facts) {
        return done.filter(last -> isRepairable(last, facts))
                .flatMap(last -> concerns.places()
                        .map(places ->
                                neighbourhood.withWaiting(places, last.round().plan()))
                        .filter(EntryIds::isUnmarked)
                        .flatMap(places -> repair(places, last)))
                .orElseGet(() -> round(facts));
    }

    /** Empty if the kernel has something in one of these places that hides what else is there. */
    private Optional<Round> repair(EntryIds places, Done last) {
        concerns.everything();
        writeEnded();
        Observed whole = last.round().observed();
        Plan known = last.round().plan();
        KernelInfo facts = last.facts();
        return settle(
                        () -> observe(places),
                        there -> Plan.of(neighbourhood.part(places, situation(Observed.NOTHING, facts), there, known)),
                        facts)
                .map(part ->
                        new Round(desired, known.after(part.plan()), whole.after(places, part.observed()), acquires))
                .map(round -> done(round, facts, last.at()));
    }

    /** Empty if what is looked at cannot be seen. */
    private Optional<Outcome> settle(
            Supplier<Optional<Observed>> look, Function<Observed, Plan> decide, KernelInfo facts) {
        Optional<Observed> there = look.get();
        for (int pass = 1; there.isPresent(); pass++) {
            Plan plan = decide.apply(there.get());
            if (pass == MOST_PASSES || plan.actions().isEmpty()) {
                return Optional.of(new Outcome(plan, there.get()));
            }
            List<AdoptSa> adoptions = plan.actions().stream()
                    .filter(AdoptSa.class::isInstance)
                    .map(AdoptSa.class::cast)
                    .toList();
            if (!adoptions.isEmpty()) {
                // Before anything else is decided: their keys are taken
                adopt(adoptions);
                continue;
            }
            boolean kernelChanged = false;
            for (List<Action> portion : portions(plan.actions())) {
                kernelChanged |= act(portion, facts);
            }
            if (plan.actions().stream().allMatch(KernelReconciler::leavesPlanAsItIs)) {
                return Optional.of(new Outcome(plan.withoutActions(), there.get()));
            }
            if (kernelChanged) {
                there = look.get();
            }
        }
        return Optional.empty();
    }

    /** A key that arrives calls for a round of its own, and what was read back is as it was taken for. */
    private static boolean leavesPlanAsItIs(Action action) {
        return switch (action) {
            case ReadKey read -> true;
            case Write(JournalChange change) ->
                change instanceof JournalChange.OwnSa || change instanceof JournalChange.OwnPolicy;
            default -> false;
        };
    }

    private static List<List<Action>> portions(List<Action> actions) {
        List<List<Action>> portions = new ArrayList<>();
        for (int from = 0; from < actions.size(); from += PORTION) {
            portions.add(actions.subList(from, Math.min(from + PORTION, actions.size())));
        }
        return portions;
    }

    private boolean isRepairable(Done last, KernelInfo facts) {
        Plan plan = last.round().plan();
        return !plan.strays()
                && plan.actions().isEmpty()
                // Whether one is answered shows among all SAs
                && acquires.isEmpty()
                && last.facts().equals(facts)
                && roundDue().filter(due -> !clock.instant().isBefore(due)).isEmpty();
    }

    private Round done(Round round, KernelInfo facts, Instant at) {
        done = Optional.of(new Done(round, facts, at));
        concerns.nothing();
        return round;
    }

    /** Asks again for keys that are due. Their answers may call for a round. */
    public void tendKeys() {
        keys.tend(this::isInForce);
    }

    private boolean isInForce(String uid) {
        return done.map(last -> last.round().plan().sas().get(uid))
                .filter(standing -> standing.state() == EntryState.Installed)
                .isPresent();
    }

    /** Whether more keys arrive in a moment. */
    public boolean readingKeys() {
        return keys.reading();
    }

    /** When {@link #tendKeys} has something to do. */
    public Optional<Instant> keysDue() {
        return keys.nextDue();
    }

    /** When the next round is due, if nothing happens before. */
    public Optional<Instant> roundDue() {
        return Stream.concat(
                        refusals.values().stream().map(Refused::until).filter(this::isAhead),
                        absentSince.values().stream().map(since -> since.plus(NOTIFICATIONS_TAKE_AT_MOST)))
                .min(Instant::compareTo);
    }

    /** The last round that looked at everything was before. */
    private boolean isAhead(Instant time) {
        return done.filter(last -> !last.at().isBefore(time)).isEmpty();
    }

    private boolean matters(Notification notification) {
        return switch (notification.event()) {
            case Notification.SaAdded(var sa) -> !notification.own() && concerns(sa.id());
            case Notification.SaUpdated(var sa) -> !notification.own() && concerns(sa.id());
            case Notification.SaDeleted(var sa) -> concerns(sa.id());
            case Notification.SaExpired(var id, boolean hard) -> concerns(id);
            case Notification.SasFlushed flushed -> true;
            case Notification.PolicyAdded(var policy) -> !notification.own() && concerns(policy.id());
            case Notification.PolicyUpdated(var policy) -> !notification.own() && concerns(policy.id());
            case Notification.PolicyDeleted(var policy) -> concerns(policy.id());
            case Notification.PolicyExpired(var policy, boolean hard) -> hard && concerns(policy.id());
            case Notification.PoliciesFlushed flushed -> true;
            case Notification.Lost lost -> true;
            case Notification.Acquire acquire -> false;
            case Notification.Other other -> false;
        };
    }

    private boolean concerns(SaId id) {
        return neighbourhood.has(id) || state.journal().sas().containsKey(id);
    }

    private boolean concerns(PolicyId id) {
        return neighbourhood.has(id) || state.journal().policies().containsKey(id);
    }

    private Observed observe() {
        Dump<ObservedSa> sas = xfrm.dumpSas();
        Dump<ObservedPolicy> policies = xfrm.dumpPolicies();
        if (sas != dumpedSas || !policies.equals(dumpedPolicies)) {
            dumped = Observed.of(sas, policies);
        }
        dumpedSas = sas;
        dumpedPolicies = policies;
        boolean watched = absentSince.isEmpty()
                && settled.filter(before -> before.observed() == dumped
                                && before.journal() == state.journal()
                                && before.witness() == witness)
                        .isPresent();
        if (!watched) {
            Set<SaId> owned = state.journal().sas().keySet();
            absentSince.keySet().retainAll(owned);
            watch(owned, dumped);
            giveUpHope();
        }
        return dumped;
    }

    /** Asks for these places only. Empty if the kernel shows something else instead. */
    private Optional<Observed> observe(EntryIds places) {
        List<ObservedSa> sas =
                places.sas().stream().map(xfrm::get).flatMap(Optional::stream).toList();
        List<ObservedPolicy> policies = places.policies().stream()
                .map(xfrm::get)
                .flatMap(Optional::stream)
                .toList();
        boolean asAsked = sas.stream().allMatch(sa -> places.sas().contains(sa.id()))
                && policies.stream().allMatch(policy -> places.policies().contains(policy.id()));
        if (!asAsked) {
            return Optional.empty();
        }
        Observed there = Observed.of(sas, policies);
        watch(places.sas().stream().filter(state.journal().sas()::containsKey).toList(), there);
        return Optional.of(there);
    }

    /** What of ours is absent without a word of the kernel. */
    private void watch(Collection<SaId> owned, Observed observed) {
        Instant now = clock.instant();
        for (SaId id : owned) {
            boolean unexplained = !observed.sas().containsKey(id)
                    && !witness.goneSas().contains(id)
                    && !witness.silentSas().contains(id);
            if (unexplained) {
                absentSince.putIfAbsent(id, now);
            } else {
                absentSince.remove(id);
            }
        }
    }

    private void giveUpHope() {
        Instant now = clock.instant();
        Set<SaId> hopeless = absentSince.entrySet().stream()
                .filter(entry -> !now.isBefore(entry.getValue().plus(NOTIFICATIONS_TAKE_AT_MOST)))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        absentSince.keySet().removeAll(hopeless);
        if (!hopeless.isEmpty()) {
            witness = witness.withoutHopeFor(hopeless);
        }
    }

    private Plan plan(Observed observed, KernelInfo facts) {
        acquires = acquires.unanswered(observed, clock.instant());
        Optional<Plan> same = settled.filter(before -> refusals.isEmpty()
                        && acquires.isEmpty()
                        && before.observed() == observed
                        && before.desired() == desired
                        && before.journal() == state.journal()
                        && before.ledger() == state.ledger()
                        && before.witness() == witness
                        && before.keys() == keys.changes()
                        && before.facts().equals(facts))
                .map(Settled::plan);
        if (same.isPresent()) {
            return same.get();
        }
        Plan plan = Plan.of(situation(observed, facts));
        boolean lasts =
                plan.actions().isEmpty() && refusals.isEmpty() && acquires.isEmpty() && !neighbourhood.dependsOnTime();
        settled = lasts
                ? Optional.of(new Settled(
                        observed, desired, state.journal(), state.ledger(), witness, keys.changes(), facts, plan))
                : Optional.empty();
        return plan;
    }

    private DecisionInput situation(Observed observed, KernelInfo facts) {
        Instant now = clock.instant();
        Map<DesiredEntry, EntryStatus> refused = new HashMap<>();
        refusals.keySet().removeIf(entry -> !isDesired(entry));
        refusals.forEach((entry, refusal) -> {
            if (now.isBefore(refusal.until())) {
                refused.put(entry, refusal.standing());
            }
        });
        return new DecisionInput(
                desired,
                observed,
                state.journal(),
                state.ledger(),
                witness,
                keys::view,
                refused,
                Map.of(),
                acquires,
                facts,
                now);
    }

    private boolean isDesired(DesiredEntry entry) {
        return switch (entry) {
            case DesiredSa sa -> sa.equals(desired.sas().get(sa.uid()));
            case DesiredPolicy policy -> desired.policies().containsValue(policy);
        };
    }

    /** Returns whether the kernel was told something. */
    private boolean act(List<Action> actions, KernelInfo facts) {
        List<Step> steps = new ArrayList<>();
        List<JournalChange> journal = new ArrayList<>();
        List<KeyUse> uses = new ArrayList<>();
        Instant now = clock.instant();
        try {
            for (Action action : actions) {
                switch (action) {
                    case Write(JournalChange change) -> journal.add(change);
                    case AdoptSa adopt -> {
                        // They come before, and alone
                    }
                    case WriteKey(KeyUse use) -> uses.add(use);
                    case ReadKey(DesiredSa sa) -> keys.ask(sa);
                    case InstallSa(DesiredSa sa, KeyFingerprint fingerprint, long last) ->
                        keys.take(sa.uid(), fingerprint).ifPresent(key -> {
                            steps.add(new Step(action, new Change.AddSa(sa.sa(), key, last), Optional.of(key)));
                            uses.add(use(sa, fingerprint));
                            journal.add(new JournalChange.OwnSa(
                                    sa.owned(Optional.of(fingerprint), InstallTime.asked(now))));
                        });
                    case ChangeLifetime(DesiredSa sa) ->
                        steps.add(new Step(action, new Change.ChangeLifetime(sa.sa()), Optional.empty()));
                    case RemoveSa(OwnedSa sa) ->
                        steps.add(new Step(action, new Change.DeleteSa(sa.id()), Optional.empty()));
                    case InstallPolicy(DesiredPolicy policy) -> {
                        steps.add(new Step(action, new Change.AddPolicy(policy.policy()), Optional.empty()));
                        journal.add(new JournalChange.OwnPolicy(policy.owned(InstallTime.asked(now))));
                    }
                    case ReplacePolicy(DesiredPolicy policy) -> {
                        steps.add(new Step(action, new Change.ReplacePolicy(policy.policy()), Optional.empty()));
                        InstallTime former = state.journal()
                                .policies()
                                .get(policy.policy().id())
                                .birth();
                        journal.add(new JournalChange.OwnPolicy(policy.owned(former.renewed(now))));
                    }
                    case RemovePolicy(OwnedPolicy policy) ->
                        steps.add(new Step(action, new Change.DeletePolicy(policy.id()), Optional.empty()));
                }
            }
            Map<KeyFingerprint, Optional<KeyUse>> before = new HashMap<>();
            uses.forEach(use -> before.put(use.key(), state.ledger().use(use.key())));
            // Before the kernel is told: after a crash at any moment, what it has of us is known, and so is every key
            // it saw. The journal first: should the disk be full, no key counts as used that was not
            write(journal);
            state.writeKeys(uses);
            if (steps.isEmpty()) {
                return false;
            }
            takeIn(steps, xfrm.apply(steps.stream().map(Step::change).toList()), before, facts);
            return true;
        } finally {
            steps.forEach(step -> step.key().ifPresent(KeyMaterial::close));
        }
    }

    /** Of a key that goes on it stays known what was before. */
    private KeyUse use(DesiredSa sa, KeyFingerprint key) {
        return state.ledger()
                .use(key)
                .filter(former -> former.uid().equals(sa.uid())
                        && former.direction() == sa.sa().direction())
                .map(former -> former.with(new KeyUse.Open()))
                .orElseGet(() -> sa.use(key));
    }

    /** Takes SAs of an agent whose journal was lost for ours. Their keys are written first, as the kernel has them already. */
    private void adopt(List<AdoptSa> adoptions) {
        List<KeyUse> uses = new ArrayList<>();
        List<JournalChange> journal = new ArrayList<>();
        for (AdoptSa adoption : adoptions) {
            DesiredSa sa = adoption.sa();
            Optional<KeyFingerprint> key = keyInKernel(sa.sa().id());
            key.filter(used -> !isUsedByAnother(used, sa))
                    .map(used -> sa.use(used).ofAdopted())
                    .ifPresent(uses::add);
            journal.add(new JournalChange.OwnSa(sa.owned(key, InstallTime.readBack(adoption.added()))));
        }
        state.writeKeys(uses);
        write(journal);
        unlogged.addAll(adoptions);
    }

    private boolean isUsedByAnother(KeyFingerprint key, DesiredSa sa) {
        return state.ledger()
                .usedBy(key)
                .filter(use -> !use.uid().equals(sa.uid()))
                .isPresent();
    }

    private Optional<KeyFingerprint> keyInKernel(SaId id) {
        return xfrm.keyOf(id).map(key -> {
            try (key) {
                return state.fingerprint(key);
            }
        });
    }

    private void takeIn(
            List<Step> steps, List<Result> results, Map<KeyFingerprint, Optional<KeyUse>> before, KernelInfo facts) {
        Set<SaId> installedSas = new HashSet<>();
        Set<PolicyId> installedPolicies = new HashSet<>();
        Set<SaId> askedSas = new HashSet<>();
        Set<PolicyId> askedPolicies = new HashSet<>();
        List<JournalChange> changes = new ArrayList<>();
        List<KeyUse> spared = new ArrayList<>();
        List<Action> done = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            Optional<KernelError> error = results.get(i).error();
            boolean certainlyNot = error.filter(KernelRefusal::isCertain).isPresent();
            switch (steps.get(i).action()) {
                case InstallSa(DesiredSa sa, KeyFingerprint key, long last) -> {
                    tried(sa, error, facts);
                    if (error.isEmpty()) {
                        installedSas.add(sa.sa().id());
                    } else if (certainlyNot) {
                        changes.add(new JournalChange.DisownSa(sa.sa().id()));
                        if (sa.sa().direction() == SaDir.OUT) {
                            // The kernel never had it, so no packet was sent with it: it is as used as before
                            spared.add(
                                    before.get(key).orElseGet(() -> sa.use(key).with(new KeyUse.Unused())));
                        }
                    } else {
                        askedSas.add(sa.sa().id());
                    }
                }
                case InstallPolicy(DesiredPolicy policy) -> {
                    PolicyId id = policy.policy().id();
                    tried(policy, error, facts);
                    if (error.isEmpty()) {
                        installedPolicies.add(id);
                    } else if (certainlyNot) {
                        changes.add(new JournalChange.DisownPolicy(id));
                    } else {
                        askedPolicies.add(id);
                    }
                }
                case ReplacePolicy(DesiredPolicy policy) -> {
                    PolicyId id = policy.policy().id();
                    tried(policy, error, facts);
                    if (error.isEmpty()) {
                        installedPolicies.add(id);
                    }
                }
                case ChangeLifetime(DesiredSa sa) -> tried(sa, error, facts);
                case RemoveSa(OwnedSa sa) -> removed("The SA " + sa.name() + ", " + sa.id(), error);
                case RemovePolicy(OwnedPolicy policy) ->
                    removed("The policy " + policy.name() + ", " + policy.id(), error);
                case Write write -> {}
                case AdoptSa adopt -> {}
                case WriteKey write -> {}
                case ReadKey read -> {}
            }
            if (error.isEmpty()) {
                done.add(steps.get(i).action());
            }
        }
        unlogged.addAll(done);
        witness = witness.installed(installedSas, installedPolicies).asked(askedSas, askedPolicies);
        Instant answered = clock.instant();
        Stream.concat(installedSas.stream(), askedSas.stream())
                .map(state.journal().sas()::get)
                .forEach(owned -> answered(owned.birth(), answered)
                        .ifPresent(birth -> changes.add(new JournalChange.OwnSa(owned.with(birth)))));
        Stream.concat(installedPolicies.stream(), askedPolicies.stream())
                .map(state.journal().policies()::get)
                .forEach(owned -> answered(owned.birth(), answered)
                        .ifPresent(birth -> changes.add(new JournalChange.OwnPolicy(owned.with(birth)))));
        write(changes);
        state.writeKeys(spared);
    }

    /** Empty if nothing new is learned by it. */
    private static Optional<InstallTime> answered(InstallTime birth, Instant now) {
        return Optional.of(birth.answered(now)).filter(known -> !known.equals(birth));
    }

    private void write(List<JournalChange> changes) {
        state.write(changes);
        witness = witness.forgetting(changes);
    }

    /**
     * Logs what was done since the last call, apart from it, because a line takes longer than to install an SA: line by line
     * what a person may look for, in numbers what nobody could read.
     */
    public void log() {
        List<Action> done = List.copyOf(unlogged);
        unlogged.clear();
        if (done.size() <= MOST_LINES) {
            done.forEach(action -> LOG.info(sentence(action)));
            return;
        }
        Map<String, Long> counts = done.stream()
                .collect(Collectors.groupingBy(KernelReconciler::kind, LinkedHashMap::new, Collectors.counting()));
        LOG.infof(
                "%s; the last: %s",
                counts.entrySet().stream()
                        .map(count -> count.getKey() + " " + count.getValue())
                        .collect(Collectors.joining(", ")),
                sentence(done.getLast()));
    }

    private static String kind(Action action) {
        return switch (action) {
            case InstallSa install -> "SAs installed:";
            case ChangeLifetime change -> "lifetimes of SAs changed:";
            case RemoveSa remove -> "SAs removed:";
            case InstallPolicy install -> "policies installed:";
            case ReplacePolicy replace -> "policies replaced:";
            case RemovePolicy remove -> "policies removed:";
            case Write write -> "entries written:";
            case AdoptSa adopt -> "SAs adopted:";
            case WriteKey write -> "keys written:";
            case ReadKey read -> "keys read:";
        };
    }

    private static String sentence(Action action) {
        return switch (action) {
            case InstallSa(DesiredSa sa, var key, var last) ->
                "installed the SA %s, %s".formatted(sa.name(), sa.sa().id());
            case ChangeLifetime(DesiredSa sa) ->
                "changed the lifetime of the SA %s, %s"
                        .formatted(sa.name(), sa.sa().id());
            case RemoveSa(OwnedSa sa) -> "removed the SA %s, %s".formatted(sa.name(), sa.id());
            case InstallPolicy(DesiredPolicy policy) ->
                "installed the policy %s, %s"
                        .formatted(policy.name(), policy.policy().id());
            case ReplacePolicy(DesiredPolicy policy) ->
                "replaced the policy %s, %s"
                        .formatted(policy.name(), policy.policy().id());
            case RemovePolicy(OwnedPolicy policy) -> "removed the policy %s, %s".formatted(policy.name(), policy.id());
            case Write(JournalChange change) -> "wrote " + change;
            case WriteKey write -> "wrote the use of a key";
            case AdoptSa(DesiredSa sa, var added) ->
                "adopted the SA %s, %s".formatted(sa.name(), sa.sa().id());
            case ReadKey(DesiredSa sa) -> "read the key of " + sa.name();
        };
    }

    private void tried(DesiredEntry entry, Optional<KernelError> error, KernelInfo facts) {
        if (error.isEmpty()) {
            refusals.remove(entry);
            return;
        }
        EntryStatus standing = KernelRefusal.of(entry, error.get(), facts);
        Refused former = refusals.get(entry);
        int times = former == null ? 1 : former.times() + 1;
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(times - 1, 10));
        Duration bounded = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
        refusals.put(entry, new Refused(standing, times, clock.instant().plus(bounded)));
        if (former == null || !former.standing().equals(standing)) {
            LOG.warnf("%s is not in force: %s", entry.name(), standing.message());
        }
    }

    private static void removed(String what, Optional<KernelError> error) {
        error.filter(why -> !why.absent()).ifPresent(why -> LOG.warnf("%s cannot be removed: %s", what, why));
    }
}
