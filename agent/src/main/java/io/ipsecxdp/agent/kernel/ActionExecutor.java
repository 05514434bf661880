package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.JournalChange.DisownPolicy;
import io.ipsecxdp.agent.ledger.JournalChange.DisownSa;
import io.ipsecxdp.agent.ledger.JournalChange.OwnPolicy;
import io.ipsecxdp.agent.ledger.JournalChange.OwnSa;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.Action;
import io.ipsecxdp.agent.plan.Action.AdoptSa;
import io.ipsecxdp.agent.plan.Action.ChangeLifetime;
import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.KernelAction;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.agent.plan.Action.RemovePolicy;
import io.ipsecxdp.agent.plan.Action.RemoveSa;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.Action.WriteKey;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.KernelRefusal;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Xfrm;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jboss.logging.Logger;

/**
 * Carries actions out, and alone has the order in which that is safe: what will be ours and which keys will be used goes to
 * disk, then the kernel is asked, then its answers go to disk, and at the end, whatever happened, the keys are wiped. After
 * a crash at any moment the journal names all that the kernel has of us, and the ledger every key that the kernel saw.
 */
final class ActionExecutor {

    private static final Logger LOG = Logger.getLogger(ActionExecutor.class);

    /**
     * The most actions that are written and then asked for together. The journal says before when the kernel was asked
     * ({@link InstallTime.Asking}), and that must not be long before the entry is there.
     */
    private static final int PORTION = 1024;

    private final Xfrm xfrm;
    private final DurableState state;
    private final KeyRing keys;
    private final Refusals refusals;
    private final ActionLog log;
    private final Supplier<KernelHistory> known;
    private final Consumer<UnaryOperator<KernelHistory>> history;
    private final Clock clock;
    /** SAs of ours that stay because the kernel would take another in their place. */
    private final Set<SaId> spared = new HashSet<>();

    /**
     * @param known what is known of our entries
     * @param history takes what the executor adds to that
     */
    ActionExecutor(
            Xfrm xfrm,
            DurableState state,
            KeyRing keys,
            Refusals refusals,
            ActionLog log,
            Supplier<KernelHistory> known,
            Consumer<UnaryOperator<KernelHistory>> history,
            Clock clock) {
        this.xfrm = xfrm;
        this.state = state;
        this.keys = keys;
        this.refusals = refusals;
        this.log = log;
        this.known = known;
        this.history = history;
        this.clock = clock;
    }

    /** Carries the actions out in their order; returns whether the kernel was asked for something. */
    boolean execute(List<Action> actions, KernelInfo facts) {
        boolean asked = false;
        for (int from = 0; from < actions.size(); from += PORTION) {
            asked |= executePortion(actions.subList(from, Math.min(from + PORTION, actions.size())), facts);
        }
        return asked;
    }

    private boolean executePortion(List<Action> actions, KernelInfo facts) {
        try (Portion portion = new Portion(clock.instant())) {
            actions.forEach(portion::add);
            // The journal first: should the disk be full then, no key counts as used that was not
            write(portion.journal);
            state.writeKeys(portion.uses);
            List<Step> steps = portion.steps.stream().filter(this::concernsOurs).toList();
            if (steps.isEmpty()) {
                return false;
            }
            applyResults(steps, xfrm.apply(steps.stream().map(Step::change).toList()), facts);
            return true;
        }
    }

    /**
     * Whether the kernel would change or remove an SA of ours, as it is at this moment. It finds an SA as the data path does,
     * the first whose mark takes in the one that it is asked for ({@code xfrm_user_state_lookup} in net/xfrm/xfrm_user.c), and
     * between the decision and now somebody may have put his own in the place of ours. Netlink has no compare-and-delete, so
     * this is done last.
     */
    private boolean concernsOurs(Step step) {
        return switch (step.action()) {
            case RemoveSa(OwnedSa owned) -> {
                Optional<ObservedSa> another = another(owned.id(), Optional.of(owned));
                if (another.isEmpty()) {
                    spared.remove(owned.id());
                } else if (spared.add(owned.id())) {
                    LOG.warnf(
                            "%s is not removed: in its place the kernel would remove an SA that is not ours (%s). It is removed once that one is gone.",
                            step.action().subject(), another.get().description());
                }
                yield another.isEmpty();
            }
            case ChangeLifetime(DesiredSa sa) -> {
                SaId id = sa.sa().id();
                Optional<ObservedSa> another =
                        another(id, Optional.ofNullable(state.journal().sas().get(id)));
                another.ifPresent(there -> refusals.refused(sa, KernelRefusal.foreign(there), clock.instant()));
                yield another.isEmpty();
            }
            default -> true;
        };
    }

    /** What the kernel shows in a place of ours, if that is not ours. */
    private Optional<ObservedSa> another(SaId id, Optional<OwnedSa> owned) {
        return xfrm.get(id)
                .filter(there -> !there.id().equals(id)
                        || owned.filter(ours -> known.get().isOurs(ours, there)).isEmpty());
    }

    /**
     * One change, and what follows from each answer of the kernel.
     *
     * @param installs what is in the kernel if it was done
     * @param asksFor what may be in the kernel, and was not before, if the answer was lost
     * @param ifRefused what the journal says if the kernel certainly did not do it
     * @param unusedKey what the ledger says then
     */
    private record Step(
            KernelAction action,
            Change change,
            EntryIds installs,
            EntryIds asksFor,
            List<JournalChange> ifRefused,
            Optional<KeyUse> unusedKey) {

        private static Step installingNothing(KernelAction action, Change change) {
            return new Step(action, change, EntryIds.NONE, EntryIds.NONE, List.of(), Optional.empty());
        }
    }

    /** Actions that are carried out together: what is recorded before, and what the kernel is asked for. Wipes its keys. */
    private final class Portion implements AutoCloseable {
        private final Instant now;
        private final List<JournalChange> journal = new ArrayList<>();
        private final List<KeyUse> uses = new ArrayList<>();
        private final List<Step> steps = new ArrayList<>();
        private final List<KeyMaterial> taken = new ArrayList<>();

        Portion(Instant now) {
            this.now = now;
        }

        void add(Action action) {
            switch (action) {
                case Write(JournalChange change) -> journal.add(change);
                case WriteKey(KeyUse use) -> uses.add(use);
                case ReadKey(DesiredSa sa) -> keys.ask(sa);
                case AdoptSa adopt -> throw new IllegalArgumentException("adoptions are carried out before, and alone");
                case InstallSa install ->
                    keys.take(install.sa().origin(), install.key()).ifPresent(key -> install(install, key));
                case InstallPolicy install -> {
                    EntryIds id = EntryIds.of(install.policy().policy().id());
                    journal.add(new OwnPolicy(install.policy().owned(InstallTime.asked(now))));
                    List<JournalChange> ifRefused =
                            List.of(new DisownPolicy(install.policy().policy().id()));
                    steps.add(new Step(install, install.change(), id, id, ifRefused, Optional.empty()));
                }
                case ReplacePolicy replace -> {
                    var id = replace.policy().policy().id();
                    InstallTime former = state.journal().policies().get(id).installTime();
                    journal.add(new OwnPolicy(replace.policy().owned(former.renewed(now))));
                    steps.add(new Step(
                            replace, replace.change(), EntryIds.of(id), EntryIds.NONE, List.of(), Optional.empty()));
                }
                case ChangeLifetime change -> steps.add(Step.installingNothing(change, change.change()));
                case RemoveSa remove -> steps.add(Step.installingNothing(remove, remove.change()));
                case RemovePolicy remove -> steps.add(Step.installingNothing(remove, remove.change()));
            }
        }

        private void install(InstallSa install, KeyMaterial key) {
            taken.add(key);
            DesiredSa sa = install.sa();
            SaId id = sa.sa().id();
            Optional<KeyUse> former = state.ledger().use(install.key());
            steps.add(new Step(
                    install,
                    install.change(key),
                    EntryIds.of(id),
                    EntryIds.of(id),
                    List.of(new DisownSa(id)),
                    // The kernel never had it, so there was no packet with it: it is as used as it was before
                    Optional.of(former.orElseGet(() -> sa.use(install.key()).with(new KeyUse.Unused())))));
            uses.add(former.filter(use -> use.origin().equals(sa.origin())
                            && use.direction() == sa.sa().direction())
                    // It goes on with its key, and it stays known whether the key was adopted
                    .map(use -> use.with(new KeyUse.Open()))
                    .orElseGet(() -> sa.use(install.key())));
            journal.add(new OwnSa(sa.owned(Optional.of(install.key()), InstallTime.asked(now))));
        }

        @Override
        public void close() {
            taken.forEach(KeyMaterial::close);
        }
    }

    private void applyResults(List<Step> steps, List<Result> results, KernelInfo facts) {
        Instant answered = clock.instant();
        List<EntryIds> installed = new ArrayList<>();
        List<EntryIds> unanswered = new ArrayList<>();
        List<JournalChange> changes = new ArrayList<>();
        List<KeyUse> unused = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            Optional<KernelError> error = results.get(i).error();
            if (error.isEmpty()) {
                log.add(step.action());
                step.action().entry().ifPresent(refusals::accepted);
                installed.add(step.installs());
                continue;
            }
            refused(step.action(), error.get(), facts);
            if (KernelRefusal.isCertain(error.get())) {
                changes.addAll(step.ifRefused());
                step.unusedKey().ifPresent(unused::add);
            } else {
                unanswered.add(step.asksFor());
            }
        }
        EntryIds there = EntryIds.union(installed);
        EntryIds perhapsThere = EntryIds.union(unanswered);
        history.accept(before -> before.installed(there).asked(perhapsThere));
        changes.addAll(answeredLate(there, answered));
        changes.addAll(answeredLate(perhapsThere, answered));
        write(changes);
        state.writeKeys(unused);
    }

    private void refused(KernelAction action, KernelError error, KernelInfo facts) {
        action.entry()
                .ifPresentOrElse(
                        entry -> refusals.refused(entry, KernelRefusal.of(entry, error, facts), clock.instant()),
                        () -> {
                            if (!error.absent()) {
                                LOG.warnf("%s cannot be removed: %s", action.subject(), error);
                            }
                        });
    }

    /** Where the kernel took longer to answer than the journal allows for, the journal learns how long. */
    private List<JournalChange> answeredLate(EntryIds ids, Instant answered) {
        List<JournalChange> changes = new ArrayList<>();
        ids.sas().stream()
                .map(state.journal().sas()::get)
                .forEach(owned -> later(owned.installTime(), answered)
                        .ifPresent(time -> changes.add(new OwnSa(owned.with(time)))));
        ids.policies().stream()
                .map(state.journal().policies()::get)
                .forEach(owned -> later(owned.installTime(), answered)
                        .ifPresent(time -> changes.add(new OwnPolicy(owned.with(time)))));
        return changes;
    }

    private static Optional<InstallTime> later(InstallTime known, Instant answered) {
        return Optional.of(known.answered(answered)).filter(now -> !now.equals(known));
    }

    /**
     * Takes SAs of an agent whose journal was lost for ours. Here the keys are recorded first, as the kernel has them
     * already.
     */
    void adopt(List<AdoptSa> adoptions) {
        List<KeyUse> uses = new ArrayList<>();
        List<JournalChange> journal = new ArrayList<>();
        for (AdoptSa adoption : adoptions) {
            DesiredSa sa = adoption.sa();
            Optional<KeyFingerprint> key = keyInKernel(sa.sa().id());
            key.filter(used -> !isUsedByAnother(used, sa))
                    .map(used -> sa.use(used).ofAdopted())
                    .ifPresent(uses::add);
            journal.add(new OwnSa(sa.owned(key, InstallTime.readBack(adoption.added()))));
        }
        state.writeKeys(uses);
        write(journal);
        adoptions.forEach(log::add);
    }

    private boolean isUsedByAnother(KeyFingerprint key, DesiredSa sa) {
        return state.ledger()
                .usedBy(key)
                .filter(use -> !use.origin().equals(sa.origin()))
                .isPresent();
    }

    private Optional<KeyFingerprint> keyInKernel(SaId id) {
        return xfrm.keyOf(id).map(key -> {
            try (key) {
                return state.fingerprint(key);
            }
        });
    }

    private void write(List<JournalChange> changes) {
        state.write(changes);
        history.accept(before -> before.forgetting(changes));
    }
}
