package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.Policy;
import java.time.Instant;
import java.util.Optional;

/** A policy that the node must have, in the kernel's terms. */
public record DesiredPolicy(String name, String uid, String slice, Policy policy) implements DesiredEntry {

    /** What the journal says from before the installation on. */
    public OwnedPolicy owned(Optional<Instant> added) {
        return new OwnedPolicy(policy.id(), uid, name, slice, added);
    }
}
