package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.Policy;

/** A policy that the node must have, in the kernel's terms. */
public record DesiredPolicy(String name, Origin origin, String slice, Policy policy) implements DesiredEntry {

    /**
     * Whether a policy in its place is of the same tunnel, at whatever level: nobody but a tunnel has policies with a reqid above
     * those that users may declare, and each tunnel has its own.
     */
    public boolean isOfSameTunnel(ObservedPolicy there) {
        return policy.priority() == there.priority()
                && policy.templates().size() == 1
                && policy.templates().getFirst().reqid() > Api.LAST_DECLARED_REQID
                && there.templates().size() == 1
                && policy.templates()
                        .getFirst()
                        .asksForSameSas(there.templates().getFirst());
    }

    /** What the journal says from before the installation on. */
    public OwnedPolicy owned(InstallTime installTime) {
        return new OwnedPolicy(policy.id(), origin, name, slice, installTime);
    }
}
