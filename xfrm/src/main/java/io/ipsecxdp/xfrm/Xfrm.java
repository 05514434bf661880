package io.ipsecxdp.xfrm;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The SAD and SPD of one network namespace. Every method may be called from any thread; they take turns.
 *
 * @see XfrmException thrown by all of them when the kernel cannot be talked to at all
 */
public interface Xfrm extends AutoCloseable {

    /**
     * Applies the changes in their order. One that fails does not keep the others from being tried.
     *
     * @return one result for each change, in the same order
     */
    List<Result> apply(List<Change> changes);

    /**
     * Makes the kernel's hash table large enough for so many SAs of whatever origin, and for a thousand at least. To be called before
     * there is traffic: the kernel drops a packet whose SA it looks up while the table grows. Larval SAs of 198.18.0.0/15 are there for
     * a moment. Does nothing where the table is large enough, or where the kernel does not grow it.
     */
    void makeRoom(long sas);

    /** All SAs, of whatever origin, larval ones included: the same dump as the last time if nothing of them has changed. */
    Dump<ObservedSa> dumpSas();

    /** All policies, of whatever origin, those of sockets included. */
    Dump<ObservedPolicy> dumpPolicies();

    /**
     * One SA, or empty if there is none with this identity, or one that cannot be read. Where several differ in their marks only, the kernel shows the
     * first whose mark takes in the one that was asked for.
     */
    Optional<ObservedSa> get(SaId id);

    /**
     * The key of one SA, for the caller to close: of two algorithms, that of the cipher and then that of the integrity. Empty if
     * there is no SA with this identity that can be read, or if the kernel hides keys, as it does under lockdown ({@code xfrm_redact} in
     * net/xfrm/xfrm_user.c).
     */
    Optional<KeyMaterial> keyOf(SaId id);

    /** One policy, or empty if there is none with this identity, or one that cannot be read. */
    Optional<ObservedPolicy> get(PolicyId id);

    /** Tries again what the kernel can do; {@link #apply} follows the result from then on. */
    XfrmCapabilities probe();

    /** What the last probe found. */
    XfrmCapabilities capabilities();

    /**
     * Begins to collect the kernel's notifications, which are then read from the subscription. To be called in the same
     * network namespace.
     */
    Subscription subscribe(Set<NotificationGroup> groups);

    /**
     * A number that the kernel gives to this network namespace once per boot; empty before Linux 5.14. Together with the
     * boot id it tells whether anything in here can be of an earlier time.
     */
    OptionalLong namespaceCookie();

    @Override
    void close();
}
