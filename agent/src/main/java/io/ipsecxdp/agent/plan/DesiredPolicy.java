package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.xfrm.Policy;

/** A policy that the node must have, in the kernel's terms. */
public record DesiredPolicy(String name, Origin origin, String slice, Policy policy) implements DesiredEntry {

    /** What the journal says from before the installation on. */
    public OwnedPolicy owned(InstallTime installTime) {
        return new OwnedPolicy(policy.id(), origin, name, slice, installTime);
    }
}
