package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.PolicyId;

/**
 * A policy that this agent installed, or was about to install.
 *
 * @param slice the NodePlan that listed it
 */
public record OwnedPolicy(PolicyId id, Origin origin, String name, String slice, InstallTime installTime) {

    public OwnedPolicy with(InstallTime other) {
        return new OwnedPolicy(id, origin, name, slice, other);
    }

    /** Whether the kernel's policy is the one that was installed. */
    boolean is(ObservedPolicy observed) {
        return installTime.is(observed.counters().added());
    }
}
