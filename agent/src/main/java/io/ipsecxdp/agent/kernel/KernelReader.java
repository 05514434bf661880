package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Xfrm;
import java.util.List;
import java.util.Optional;

/** Reads the SAD and SPD. For one thread. */
final class KernelReader {

    private final Xfrm xfrm;
    private Dump<ObservedSa> sas = new Dump<>(List.of(), List.of());
    private Dump<ObservedPolicy> policies = new Dump<>(List.of(), List.of());
    private Observed dumped = Observed.NOTHING;

    KernelReader(Xfrm xfrm) {
        this.xfrm = xfrm;
    }

    /** Everything; the same object as before if nothing of it has changed. */
    Observed all() {
        Dump<ObservedSa> sasNow = xfrm.dumpSas();
        Dump<ObservedPolicy> policiesNow = xfrm.dumpPolicies();
        if (sasNow != sas || !policiesNow.equals(policies)) {
            dumped = Observed.of(sasNow, policiesNow);
        }
        sas = sasNow;
        policies = policiesNow;
        return dumped;
    }

    /** What there is of these. Empty if the kernel shows an entry with another id instead, as it may where marks overlap. */
    Optional<Observed> only(EntryIds ids) {
        List<ObservedSa> some =
                ids.sas().stream().map(xfrm::get).flatMap(Optional::stream).toList();
        List<ObservedPolicy> somePolicies =
                ids.policies().stream().map(xfrm::get).flatMap(Optional::stream).toList();
        boolean asAsked = some.stream().allMatch(sa -> ids.sas().contains(sa.id()))
                && somePolicies.stream().allMatch(policy -> ids.policies().contains(policy.id()));
        return asAsked ? Optional.of(Observed.of(some, somePolicies)) : Optional.empty();
    }
}
