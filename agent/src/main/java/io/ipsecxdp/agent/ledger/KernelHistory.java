package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.agent.ledger.KeyUse.Ended;
import io.ipsecxdp.agent.ledger.KeyUse.Expired;
import io.ipsecxdp.agent.ledger.KeyUse.Open;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.Notification.Lost;
import io.ipsecxdp.xfrm.Notification.PoliciesFlushed;
import io.ipsecxdp.xfrm.Notification.PolicyAdded;
import io.ipsecxdp.xfrm.Notification.PolicyDeleted;
import io.ipsecxdp.xfrm.Notification.PolicyExpired;
import io.ipsecxdp.xfrm.Notification.PolicyUpdated;
import io.ipsecxdp.xfrm.Notification.SaAdded;
import io.ipsecxdp.xfrm.Notification.SaDeleted;
import io.ipsecxdp.xfrm.Notification.SaExpired;
import io.ipsecxdp.xfrm.Notification.SasFlushed;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.ReplayState;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What became of our entries, as far as the kernel's notifications tell it since this agent subscribed to them.
 *
 * @param goneSas SAs of the journal that were deleted or replaced, and that we did not install again: an SA that has one
 *     of these ids now is somebody else's
 * @param silentSas SAs of the journal whose deletion, with their last sequence number, was not notified or may have been
 *     missed: one that the kernel does not have is gone, and how far its key was used stays unknown
 * @param gonePolicies as {@code goneSas}, for policies
 * @param changedPolicies policies of the journal that are still ours, and that somebody else changed in place
 */
public record KernelHistory(
        Set<SaId> goneSas, Set<SaId> silentSas, Set<PolicyId> gonePolicies, Set<PolicyId> changedPolicies) {

    public KernelHistory {
        goneSas = PersistentSet.of(goneSas);
        silentSas = PersistentSet.of(silentSas);
        gonePolicies = PersistentSet.of(gonePolicies);
        changedPolicies = PersistentSet.of(changedPolicies);
    }

    /** Of an agent that has just subscribed: whatever of ours is absent already was deleted without its notice. */
    public static KernelHistory startingWith(Journal journal) {
        return new KernelHistory(Set.of(), journal.sas().keySet(), Set.of(), Set.of());
    }

    /** After changes of the journal: about entries that are not ours any more, nothing is remembered. */
    public KernelHistory forgetting(Collection<JournalChange> changes) {
        Set<SaId> sas = new HashSet<>();
        Set<PolicyId> policies = new HashSet<>();
        for (JournalChange change : changes) {
            if (change instanceof JournalChange.DisownSa(SaId id)) {
                sas.add(id);
            } else if (change instanceof JournalChange.DisownPolicy(PolicyId id)) {
                policies.add(id);
            }
        }
        return installed(new EntryIds(sas, policies));
    }

    /** What is known after these notifications. */
    public KernelHistory after(Collection<Notification> notifications, Journal journal) {
        Update update = new Update(this, journal);
        notifications.forEach(update::apply);
        return update.result();
    }

    /** This agent installed these SAs and policies, or replaced them: what stands there is ours, whatever was before. */
    public KernelHistory installed(EntryIds ids) {
        if (ids.equals(EntryIds.NONE)) {
            return this;
        }
        return new KernelHistory(
                without(goneSas, ids.sas()),
                without(silentSas, ids.sas()),
                without(gonePolicies, ids.policies()),
                without(changedPolicies, ids.policies()));
    }

    /**
     * This agent asked for SAs and policies where there were none, and the kernel's answer was lost. That former ones are
     * gone says nothing of what may be there now: its {@link InstallTime} tells whether it is ours.
     */
    public KernelHistory asked(EntryIds ids) {
        if (ids.equals(EntryIds.NONE)) {
            return this;
        }
        return new KernelHistory(
                without(goneSas, ids.sas()), silentSas, without(gonePolicies, ids.policies()), changedPolicies);
    }

    /** These SAs are absent, and their notification did not come in the time that it takes: it will not come any more. */
    public KernelHistory withoutNotificationOf(Collection<SaId> ids) {
        return ids.isEmpty() ? this : new KernelHistory(goneSas, with(silentSas, ids), gonePolicies, changedPolicies);
    }

    /**
     * What the ledger has to say of a key from now on, if the notification ends its use: how far an SA of ours came when
     * it was deleted, or that an SA of ours came to its hard limit.
     */
    public Optional<KeyUse> ended(Notification notification, Journal journal, KeyLedger ledger) {
        return switch (notification.event()) {
            case SaDeleted(ObservedSa sa) ->
                certainlyOurs(sa, journal)
                        .filter(owned -> tellsLast(owned.direction(), sa))
                        .flatMap(owned -> open(owned, ledger))
                        .map(use -> use.with(new Ended(last(use.direction(), sa.replay()))));
            case SaExpired(SaId id, boolean hard)
            when hard && !goneSas.contains(id) ->
                Optional.ofNullable(journal.sas().get(id))
                        .flatMap(owned -> open(owned, ledger))
                        .map(use -> use.with(new Expired()));
            default -> Optional.empty();
        };
    }

    /** Without a window it remembers nothing, and what a device counts the kernel does not know. */
    private static boolean tellsLast(SaDir direction, ObservedSa sa) {
        return !sa.options().isCountedByDevice()
                && (direction == SaDir.OUT || sa.replay().window() > 0);
    }

    private static long last(SaDir direction, ReplayState replay) {
        return direction == SaDir.OUT ? replay.lastSent() : replay.lastReceived();
    }

    private static Optional<KeyUse> open(OwnedSa owned, KeyLedger ledger) {
        return owned.key()
                .flatMap(ledger::use)
                .filter(use -> use.origin().equals(owned.origin()))
                .filter(use -> use.progress() instanceof Open);
    }

    public boolean isOurs(OwnedSa owned, ObservedSa there) {
        return !goneSas.contains(owned.id()) && owned.is(there);
    }

    public boolean isOurs(OwnedPolicy owned, ObservedPolicy there) {
        return !gonePolicies.contains(owned.id()) && (owned.is(there) || changedPolicies.contains(owned.id()));
    }

    /**
     * The SA of ours that was deleted, if it certainly was that one: its time of installation must have been read back from
     * the kernel before. From the last sequence number of another SA, a nonce could be used twice.
     */
    private static Optional<OwnedSa> certainlyOurs(ObservedSa sa, Journal journal) {
        return Optional.ofNullable(journal.sas().get(sa.id()))
                .filter(owned -> owned.installTime().asked().isEmpty() && owned.is(sa));
    }

    private static <T> Set<T> without(Set<T> set, Collection<T> some) {
        return set.isEmpty() || some.isEmpty()
                ? set
                : PersistentSet.of(set).changes().removeAll(some).done();
    }

    private static <T> Set<T> with(Set<T> set, Collection<T> some) {
        return some.isEmpty()
                ? set
                : PersistentSet.of(set).changes().addAll(some).done();
    }

    /** Applies notifications to a history, one by one. */
    private static final class Update {
        private final KernelHistory before;
        private final Journal journal;
        private final PersistentSet.Changes<SaId> goneSas;
        private final PersistentSet.Changes<SaId> silentSas;
        private final PersistentSet.Changes<PolicyId> gonePolicies;
        private final PersistentSet.Changes<PolicyId> changedPolicies;

        Update(KernelHistory before, Journal journal) {
            this.before = before;
            this.journal = journal;
            this.goneSas = PersistentSet.of(before.goneSas).changes();
            this.silentSas = PersistentSet.of(before.silentSas).changes();
            this.gonePolicies = PersistentSet.of(before.gonePolicies).changes();
            this.changedPolicies = PersistentSet.of(before.changedPolicies).changes();
        }

        /** The same object as before if nothing has changed. */
        KernelHistory result() {
            Set<SaId> gone = goneSas.done();
            Set<SaId> silent = silentSas.done();
            Set<PolicyId> gonePolicies = this.gonePolicies.done();
            Set<PolicyId> changed = changedPolicies.done();
            boolean same = gone == before.goneSas
                    && silent == before.silentSas
                    && gonePolicies == before.gonePolicies
                    && changed == before.changedPolicies;
            return same ? before : new KernelHistory(gone, silent, gonePolicies, changed);
        }

        void apply(Notification notification) {
            boolean own = notification.own();
            switch (notification.event()) {
                case SaAdded(ObservedSa sa) -> added(sa.id(), own);
                case SaDeleted(ObservedSa sa) ->
                    certainlyOurs(sa, journal).map(OwnedSa::id).ifPresent(goneSas::add);
                case SaExpired(SaId id, boolean hard) when hard -> lost(Set.of(id));
                case SasFlushed(IpProtocol protocol) ->
                    lost(journal.sas().keySet().stream()
                            .filter(id -> protocol.equals(IpProtocol.ANY) || protocol.equals(id.protocol()))
                            .collect(Collectors.toSet()));
                case Lost lost -> silentSas.addAll(journal.sas().keySet());
                case PolicyAdded(ObservedPolicy policy) -> added(policy.id(), own);
                case PolicyUpdated(ObservedPolicy policy) -> updated(policy.id(), own);
                case PolicyDeleted(ObservedPolicy policy) -> deleted(policy);
                case PolicyExpired(ObservedPolicy policy, boolean hard) when hard -> deleted(policy);
                case PoliciesFlushed(PolicyId.Type type)
                when type == PolicyId.Type.MAIN ->
                    gonePolicies.addAll(journal.policies().keySet());
                default -> {}
            }
        }

        private void added(SaId id, boolean own) {
            if (own) {
                goneSas.remove(id);
                silentSas.remove(id);
            } else if (journal.sas().containsKey(id)) {
                goneSas.add(id);
            }
        }

        private void added(PolicyId id, boolean own) {
            if (own) {
                gonePolicies.remove(id);
                changedPolicies.remove(id);
            } else if (journal.policies().containsKey(id)) {
                gonePolicies.add(id);
            }
        }

        private void updated(PolicyId id, boolean own) {
            if (own) {
                added(id, true);
            } else if (journal.policies().containsKey(id) && !gonePolicies.contains(id)) {
                changedPolicies.add(id);
            }
        }

        private void deleted(ObservedPolicy policy) {
            OwnedPolicy owned = journal.policies().get(policy.id());
            if (owned != null && (owned.is(policy) || changedPolicies.contains(policy.id()))) {
                gonePolicies.add(policy.id());
            }
        }

        private void lost(Set<SaId> ids) {
            ids.stream().filter(journal.sas()::containsKey).forEach(id -> {
                goneSas.add(id);
                silentSas.add(id);
            });
        }
    }
}
