package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.plan.Acquires;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.plan.RepairIndex;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.Notification.SaDeleted;
import io.ipsecxdp.xfrm.Notification.SaExpired;
import io.ipsecxdp.xfrm.Notification.SasFlushed;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaId;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Takes the kernel's notifications in: which entries the next round has to look at, what became of ours, how far their
 * keys were used, and which SAs are missing. Keys that have to be installed again are asked for at once, so that they are
 * under way while the kernel is asked what is there. For one thread.
 */
final class NotificationIntake {

    private final DurableState state;
    private final KeyRing keys;
    private final Refusals refusals;
    private final Clock clock;
    private final AffectedIds affected = new AffectedIds();
    /** The kernel tells how far a key came only once: this is kept until the ledger has it. */
    private final Map<KeyFingerprint, KeyUse> endedKeys = new HashMap<>();

    private KernelHistory history;
    private Acquires acquires = Acquires.NONE;

    NotificationIntake(DurableState state, KeyRing keys, Refusals refusals, Clock clock) {
        this.state = state;
        this.keys = keys;
        this.refusals = refusals;
        this.clock = clock;
        this.history = KernelHistory.startingWith(state.journal());
    }

    /** Returns whether the notifications call for a round. */
    boolean onNotifications(List<Notification> notifications, Desired desired, RepairIndex index) {
        boolean round = false;
        for (Notification notification : notifications) {
            // The first that is told of an SA is about ours; after it, somebody else's may come and go under the same
            // id
            history.ended(notification, state.journal(), state.ledger())
                    .ifPresent(use -> endedKeys.putIfAbsent(use.key(), use));
            if (isAboutUs(notification, index)) {
                round = true;
                notification.event().touched().ifPresentOrElse(affected::add, affected::addAll);
                if (!notification.own()) {
                    onChangeOfOthers(notification.event(), desired, index);
                }
            }
        }
        history = history.after(notifications, state.journal());
        acquires = acquires.after(notifications, state.journal().policies().keySet(), clock.instant());
        writeEndedKeys();
        return round;
    }

    /** What this agent added or updated is no news to it; what it removed may now be installed again. */
    private boolean isAboutUs(Notification notification, RepairIndex index) {
        return (!notification.own() || notification.event().removes())
                && notification
                        .event()
                        .touched()
                        .map(ids -> isAnyOurs(ids, index))
                        .orElse(true);
    }

    private boolean isAnyOurs(EntryIds ids, RepairIndex index) {
        return ids.sas().stream()
                        .anyMatch(id -> index.has(id) || state.journal().sas().containsKey(id))
                || ids.policies().stream()
                        .anyMatch(id ->
                                index.has(id) || state.journal().policies().containsKey(id));
    }

    private void onChangeOfOthers(Notification.Event event, Desired desired, RepairIndex index) {
        switch (event) {
            case SaDeleted(ObservedSa sa) -> index.desired(sa.id()).forEach(keys::ask);
            case SasFlushed flushed -> desired.sas().values().forEach(keys::ask);
            default -> {}
        }
        boolean leavesAllInPlace = event instanceof SaExpired(SaId id, boolean hard) && !hard;
        if (!leavesAllInPlace) {
            // What stood in the way of a refused entry may be gone
            refusals.forgetAll().forEach(affected::add);
        }
    }

    /** Records how far keys came that are not in use any more; tried again by the next call if the disk refuses it. */
    void writeEndedKeys() {
        state.writeKeys(List.copyOf(endedKeys.values()));
        endedKeys.clear();
    }

    AffectedIds affected() {
        return affected;
    }

    KernelHistory history() {
        return history;
    }

    /** Adds what is known of our entries by other means than notifications. */
    void revise(UnaryOperator<KernelHistory> revision) {
        history = revision.apply(history);
    }

    Acquires acquires() {
        return acquires;
    }

    /** Forgets the missing SAs that are there, or that nobody has asked for any more for long. */
    void forgetAnswered(Observed observed) {
        acquires = acquires.unanswered(observed, clock.instant());
    }

    /** Whether anything is known to be missing. */
    boolean hasAcquires() {
        return !acquires.isEmpty();
    }
}
