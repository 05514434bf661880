package io.ipsecxdp.agent.xfrm;

import java.util.List;

/**
 * A policy as the kernel shows it, whoever installed it.
 *
 * @param index the kernel's number for it, unique while it lives
 * @param flags {@code XFRM_POLICY_*} bits of linux/xfrm.h, as {@link PolicyFlag} has them
 * @param offloaded whether a device was asked to apply it
 */
public record ObservedPolicy(
        PolicyId id,
        long priority,
        Policy.Action action,
        List<Template> templates,
        long index,
        int flags,
        boolean offloaded,
        Lifetime lifetime,
        Counters counters) {

    public ObservedPolicy {
        templates = List.copyOf(templates);
    }
}
