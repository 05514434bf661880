package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.PersistentMap;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the kernel has, of whatever origin.
 *
 * @param unreadable what it has beside that, and nobody here can read, when all of it was looked at last
 */
public record Observed(
        Map<SaId, ObservedSa> sas, Map<PolicyId, ObservedPolicy> policies, List<Dump.Unreadable> unreadable) {

    /**
     * What the kernel waits for since it sent an ACQUIRE is no SA yet, and is in nobody's way: {@code xfrm_state_add} puts the
     * SA that comes in its place.
     */
    private static final long NOT_YET_KNOWN = 0;

    public static final Observed NOTHING = new Observed(Map.of(), Map.of(), List.of());

    public Observed {
        sas = PersistentMap.of(sas);
        policies = PersistentMap.of(policies);
        unreadable = List.copyOf(unreadable);
    }

    /** Two whole tables. */
    public static Observed of(Dump<ObservedSa> sas, Dump<ObservedPolicy> policies) {
        Observed read = of(sas.entries(), policies.entries());
        return new Observed(
                read.sas,
                read.policies,
                Stream.concat(sas.unreadable().stream(), policies.unreadable().stream())
                        .toList());
    }

    public static Observed of(Collection<ObservedSa> sas, Collection<ObservedPolicy> policies) {
        return NOTHING.with(
                sas.stream().filter(sa -> sa.id().spi() != NOT_YET_KNOWN).toList(), policies);
    }

    /** What the kernel has after it was asked again for these places. */
    public Observed after(EntryIds ids, Observed answer) {
        var sas = PersistentMap.of(this.sas).changes();
        ids.sas().forEach(sas::remove);
        var policies = PersistentMap.of(this.policies).changes();
        ids.policies().forEach(policies::remove);
        return new Observed(sas.done(), policies.done(), unreadable)
                .with(answer.sas().values(), answer.policies().values());
    }

    private Observed with(Collection<ObservedSa> more, Collection<ObservedPolicy> morePolicies) {
        var sas = PersistentMap.of(this.sas).changes();
        more.forEach(sa -> sas.put(sa.id(), sa));
        var policies = PersistentMap.of(this.policies).changes();
        morePolicies.forEach(policy -> policies.put(policy.id(), policy));
        return new Observed(sas.done(), policies.done(), unreadable);
    }
}
