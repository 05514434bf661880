package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.ObservedPolicy;
import io.ipsecxdp.agent.xfrm.PolicyId;
import java.time.Instant;
import java.util.Optional;

/**
 * A policy that this agent installed, or was about to install.
 *
 * @param slice the NodePlan that listed it
 * @param added when the kernel says that it was installed; empty until that was read back
 */
public record OwnedPolicy(PolicyId id, String uid, String name, String slice, Optional<Instant> added) {

    /** Whether the kernel's policy is the one that was installed: the kernel never changes the time of that. */
    boolean is(ObservedPolicy observed) {
        return added.map(observed.counters().added()::equals).orElse(true);
    }
}
