package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.agent.ledger.KeyUse.Ended;
import io.ipsecxdp.agent.ledger.KeyUse.Expired;
import io.ipsecxdp.agent.ledger.KeyUse.Open;
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
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the kernel told of our entries since this agent began to listen.
 *
 * @param goneSas deleted or replaced, and not installed by us again: what stands in their place is somebody else's
 * @param silentSas if the kernel lacks them, it will not tell any more how far their sequence numbers came
 * @param gonePolicies the same of policies
 * @param changedPolicies ours, and changed in place by somebody else
 */
public record KernelHistory(
        Set<SaId> goneSas, Set<SaId> silentSas, Set<PolicyId> gonePolicies, Set<PolicyId> changedPolicies) {

    public KernelHistory {
        goneSas = PersistentSet.of(goneSas);
        silentSas = PersistentSet.of(silentSas);
        gonePolicies = PersistentSet.of(gonePolicies);
        changedPolicies = PersistentSet.of(changedPolicies);
    }

    /** Of an agent that begins to listen: what happened before is not told. */
    public static KernelHistory startingWith(Journal journal) {
        return new KernelHistory(Set.of(), journal.sas().keySet(), Set.of(), Set.of());
    }

    /** What is not in the journal any more needs no remembering. */
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
        return sas.isEmpty() && policies.isEmpty() ? this : installed(sas, policies);
    }

    /** What is known after the kernel told something. */
    public KernelHistory after(Collection<Notification> notifications, Journal journal) {
        Memory memory = new Memory(this, journal);
        notifications.forEach(memory::take);
        return memory.witness();
    }

    /** This agent installed the SAs and policies, or replaced them. */
    public KernelHistory installed(Collection<SaId> sas, Collection<PolicyId> policies) {
        return new KernelHistory(
                without(goneSas, sas),
                without(silentSas, sas),
                without(gonePolicies, policies),
                without(changedPolicies, policies));
    }

    /**
     * This agent found nothing in these places, asked for an SA or a policy there, and the answer was lost. What was
     * there is forgotten; what is there now tells by its {@link InstallTime} whose it is.
     */
    public KernelHistory asked(Collection<SaId> sas, Collection<PolicyId> policies) {
        return new KernelHistory(without(goneSas, sas), silentSas, without(gonePolicies, policies), changedPolicies);
    }

    /** The kernel took longer to tell than it ever does. */
    public KernelHistory withoutHopeFor(Collection<SaId> ids) {
        return new KernelHistory(goneSas, with(silentSas, ids), gonePolicies, changedPolicies);
    }

    /** What is to be remembered of a key, now that the kernel told how far it came, or that its SA expired. */
    public Optional<KeyUse> ended(Notification notification, Journal journal, KeyLedger ledger) {
        return switch (notification.event()) {
            case SaDeleted(ObservedSa sa) ->
                certainlyOurs(sa, journal)
                        .filter(owned ->
                                owned.direction() == SaDir.OUT && !sa.options().isCountedByDevice())
                        .flatMap(owned -> open(owned, ledger))
                        .map(use -> use.with(new Ended(sa.replay().lastSent())));
            case SaExpired(SaId id, boolean hard)
            when hard && !goneSas.contains(id) ->
                Optional.ofNullable(journal.sas().get(id))
                        .flatMap(owned -> open(owned, ledger))
                        .map(use -> use.with(new Expired()));
            default -> Optional.empty();
        };
    }

    private static Optional<KeyUse> open(OwnedSa owned, KeyLedger ledger) {
        return owned.key()
                .flatMap(ledger::use)
                .filter(use -> use.uid().equals(owned.uid()))
                .filter(use -> use.progress() instanceof Open);
    }

    public boolean isOurs(OwnedSa owned, ObservedSa there) {
        return !goneSas.contains(owned.id()) && owned.is(there);
    }

    public boolean isOurs(OwnedPolicy owned, ObservedPolicy there) {
        return !gonePolicies.contains(owned.id()) && (owned.is(there) || changedPolicies.contains(owned.id()));
    }

    /**
     * Only of an SA whose time of installation was read back is it certain that it was ours: a wrong last sequence
     * number would be worse than none.
     */
    private static Optional<OwnedSa> certainlyOurs(ObservedSa sa, Journal journal) {
        return Optional.ofNullable(journal.sas().get(sa.id()))
                .filter(owned -> owned.birth().asked().isEmpty() && owned.is(sa));
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

    /** What is known while notifications are taken in, one by one. */
    private static final class Memory {
        private final KernelHistory before;
        private final Journal journal;
        private final PersistentSet.Changes<SaId> goneSas;
        private final PersistentSet.Changes<SaId> silentSas;
        private final PersistentSet.Changes<PolicyId> gonePolicies;
        private final PersistentSet.Changes<PolicyId> changedPolicies;

        Memory(KernelHistory before, Journal journal) {
            this.before = before;
            this.journal = journal;
            this.goneSas = PersistentSet.of(before.goneSas).changes();
            this.silentSas = PersistentSet.of(before.silentSas).changes();
            this.gonePolicies = PersistentSet.of(before.gonePolicies).changes();
            this.changedPolicies = PersistentSet.of(before.changedPolicies).changes();
        }

        /** The one before, if nothing of it is otherwise now. */
        KernelHistory witness() {
            Set<SaId> gone = goneSas.done();
            Set<SaId> silent = silentSas.done();
            Set<PolicyId> goneToo = gonePolicies.done();
            Set<PolicyId> changed = changedPolicies.done();
            boolean same = gone == before.goneSas
                    && silent == before.silentSas
                    && goneToo == before.gonePolicies
                    && changed == before.changedPolicies;
            return same ? before : new KernelHistory(gone, silent, goneToo, changed);
        }

        void take(Notification notification) {
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
