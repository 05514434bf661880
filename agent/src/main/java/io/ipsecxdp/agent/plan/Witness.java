package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.plan.KeyUse.Ended;
import io.ipsecxdp.agent.plan.KeyUse.Open;
import io.ipsecxdp.agent.xfrm.IpProtocol;
import io.ipsecxdp.agent.xfrm.Notification;
import io.ipsecxdp.agent.xfrm.Notification.Lost;
import io.ipsecxdp.agent.xfrm.Notification.PoliciesFlushed;
import io.ipsecxdp.agent.xfrm.Notification.PolicyAdded;
import io.ipsecxdp.agent.xfrm.Notification.PolicyDeleted;
import io.ipsecxdp.agent.xfrm.Notification.PolicyExpired;
import io.ipsecxdp.agent.xfrm.Notification.PolicyUpdated;
import io.ipsecxdp.agent.xfrm.Notification.SaAdded;
import io.ipsecxdp.agent.xfrm.Notification.SaDeleted;
import io.ipsecxdp.agent.xfrm.Notification.SaExpired;
import io.ipsecxdp.agent.xfrm.Notification.SasFlushed;
import io.ipsecxdp.agent.xfrm.ObservedPolicy;
import io.ipsecxdp.agent.xfrm.ObservedSa;
import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.SaDirection;
import io.ipsecxdp.agent.xfrm.SaId;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * What the kernel told of our entries since this agent began to listen.
 *
 * @param goneSas deleted or replaced, and not installed by us again: what stands in their place is somebody else's
 * @param silentSas if the kernel lacks them, it will not tell any more how far their sequence numbers came
 * @param gonePolicies the same of policies
 * @param changedPolicies ours, and changed in place by somebody else
 */
public record Witness(
        Set<SaId> goneSas, Set<SaId> silentSas, Set<PolicyId> gonePolicies, Set<PolicyId> changedPolicies) {

    public Witness {
        goneSas = Set.copyOf(goneSas);
        silentSas = Set.copyOf(silentSas);
        gonePolicies = Set.copyOf(gonePolicies);
        changedPolicies = Set.copyOf(changedPolicies);
    }

    /** Of an agent that begins to listen: what happened before is not told. */
    public static Witness startingWith(Journal journal) {
        return new Witness(Set.of(), journal.sas().keySet(), Set.of(), Set.of());
    }

    /** What is known after the kernel told something. */
    public Witness after(Notification notification, Journal journal) {
        boolean own = notification.own();
        return switch (notification.event()) {
            case SaAdded(ObservedSa sa) when own -> installed(sa.id());
            case SaAdded(ObservedSa sa)
            when journal.sas().containsKey(sa.id()) -> withSas(plus(goneSas, Set.of(sa.id())), silentSas);
            case SaDeleted(ObservedSa sa)
            when ours(sa, journal).isPresent() -> withSas(plus(goneSas, Set.of(sa.id())), silentSas);
            case SaExpired(SaId id, boolean hard) when hard -> withoutTrace(Set.of(id), journal);
            case SasFlushed(IpProtocol protocol)
            when isEsp(protocol) -> withoutTrace(journal.sas().keySet(), journal);
            case Lost lost -> withSas(goneSas, plus(silentSas, journal.sas().keySet()));
            case PolicyAdded(ObservedPolicy policy) when own -> installed(policy.id());
            case PolicyAdded(ObservedPolicy policy)
            when journal.policies().containsKey(policy.id()) ->
                withPolicies(plus(gonePolicies, Set.of(policy.id())), changedPolicies);
            case PolicyUpdated(ObservedPolicy policy) when own -> installed(policy.id());
            case PolicyUpdated(ObservedPolicy policy)
            when stillOurs(policy.id(), journal) ->
                withPolicies(gonePolicies, plus(changedPolicies, Set.of(policy.id())));
            case PolicyDeleted(ObservedPolicy policy)
            when ours(policy, journal) -> withPolicies(plus(gonePolicies, Set.of(policy.id())), changedPolicies);
            case PolicyExpired(ObservedPolicy policy, boolean hard)
            when hard && ours(policy, journal) ->
                withPolicies(plus(gonePolicies, Set.of(policy.id())), changedPolicies);
            case PoliciesFlushed(PolicyId.Type type)
            when type == PolicyId.Type.MAIN ->
                withPolicies(plus(gonePolicies, journal.policies().keySet()), changedPolicies);
            default -> this;
        };
    }

    /** This agent installed the SA. */
    public Witness installed(SaId id) {
        return withSas(minus(goneSas, id), minus(silentSas, id));
    }

    /** This agent installed the policy, or replaced it. */
    public Witness installed(PolicyId id) {
        return withPolicies(minus(gonePolicies, id), minus(changedPolicies, id));
    }

    /** The kernel took longer to tell than it ever does. */
    public Witness withoutHopeFor(Collection<SaId> ids) {
        return ids.isEmpty() ? this : withSas(goneSas, plus(silentSas, ids));
    }

    /** What is to be remembered of a key, now that the kernel told how far it came. */
    public static Optional<KeyUse> ended(Notification notification, Journal journal, Ledger ledger) {
        if (!(notification.event() instanceof SaDeleted(ObservedSa sa))) {
            return Optional.empty();
        }
        return ours(sa, journal)
                .filter(owned -> owned.direction() == SaDirection.OUT)
                .flatMap(OwnedSa::key)
                .flatMap(ledger::use)
                .filter(use -> use.progress() instanceof Open)
                .map(use -> use.with(new Ended(sa.replay().lastSent())));
    }

    boolean isOurs(OwnedSa owned, ObservedSa there) {
        return !goneSas.contains(owned.id()) && owned.is(there);
    }

    boolean isOurs(OwnedPolicy owned, ObservedPolicy there) {
        return !gonePolicies.contains(owned.id()) && (owned.is(there) || changedPolicies.contains(owned.id()));
    }

    /**
     * Only of an SA whose time of installation was read back is it certain that it was ours: a wrong last sequence
     * number would be worse than none.
     */
    private static Optional<OwnedSa> ours(ObservedSa sa, Journal journal) {
        return Optional.ofNullable(journal.sas().get(sa.id()))
                .filter(owned -> owned.birth().asked().isEmpty() && owned.is(sa));
    }

    private boolean ours(ObservedPolicy policy, Journal journal) {
        OwnedPolicy owned = journal.policies().get(policy.id());
        return owned != null && isOurs(owned, policy);
    }

    private boolean stillOurs(PolicyId id, Journal journal) {
        return journal.policies().containsKey(id) && !gonePolicies.contains(id);
    }

    private static boolean isEsp(IpProtocol protocol) {
        return protocol.equals(IpProtocol.ANY) || protocol.equals(IpProtocol.ESP);
    }

    private Witness withoutTrace(Set<SaId> ids, Journal journal) {
        Set<SaId> ours = new HashSet<>(ids);
        ours.retainAll(journal.sas().keySet());
        return withSas(plus(goneSas, ours), plus(silentSas, ours));
    }

    private Witness withSas(Set<SaId> gone, Set<SaId> silent) {
        return new Witness(gone, silent, gonePolicies, changedPolicies);
    }

    private Witness withPolicies(Set<PolicyId> gone, Set<PolicyId> changed) {
        return new Witness(goneSas, silentSas, gone, changed);
    }

    private static <T> Set<T> plus(Set<T> set, Collection<T> more) {
        Set<T> result = new HashSet<>(set);
        result.addAll(more);
        return result;
    }

    private static <T> Set<T> minus(Set<T> set, T one) {
        if (!set.contains(one)) {
            return set;
        }
        Set<T> result = new HashSet<>(set);
        result.remove(one);
        return result;
    }
}
