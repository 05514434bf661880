package io.ipsecxdp.xfrm;

import java.util.List;
import java.util.Optional;

/**
 * A policy as the kernel shows it, whoever installed it.
 *
 * @param index the kernel's number for it, unique while it lives
 * @param flags {@code XFRM_POLICY_*} bits of linux/xfrm.h, as {@link PolicyFlag} has them
 * @param offload the device that applies it
 */
public record ObservedPolicy(
        PolicyId id,
        long priority,
        Policy.Action action,
        List<Template> templates,
        long index,
        int flags,
        Optional<XfrmOffload> offload,
        Lifetime lifetime,
        LifetimeCounters counters) {

    public ObservedPolicy {
        templates = List.copyOf(templates);
    }
}
