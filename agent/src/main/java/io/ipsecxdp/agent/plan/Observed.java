package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.ObservedPolicy;
import io.ipsecxdp.agent.xfrm.ObservedSa;
import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.SaId;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/** What the kernel has, of whatever origin. */
public record Observed(Map<SaId, ObservedSa> sas, Map<PolicyId, ObservedPolicy> policies) {

    /**
     * What the kernel waits for since it sent an ACQUIRE is no SA yet, and is in nobody's way: {@code xfrm_state_add} puts the
     * SA that comes in its place.
     */
    private static final long NOT_YET_KNOWN = 0;

    public Observed {
        sas = Collections.unmodifiableMap(sas);
        policies = Collections.unmodifiableMap(policies);
    }

    public static Observed of(Collection<ObservedSa> sas, Collection<ObservedPolicy> policies) {
        Map<SaId, ObservedSa> byId = new HashMap<>();
        sas.stream().filter(sa -> sa.id().spi() != NOT_YET_KNOWN).forEach(sa -> byId.put(sa.id(), sa));
        Map<PolicyId, ObservedPolicy> policiesById = new HashMap<>();
        policies.forEach(policy -> policiesById.put(policy.id(), policy));
        return new Observed(byId, policiesById);
    }
}
