package io.ipsecxdp.xfrm;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A policy as we install it.
 *
 * @param id direction IN, OUT or FORWARD
 * @param priority the lower number wins, 0 to 2^32-1
 * @param action BLOCK discards; ALLOW protects with the templates, or bypasses if there is none
 * @param templates applied from the first (innermost) to the last, at most 6
 * @param offload the device that applies it, whose SAs it uses
 */
public record Policy(
        PolicyId id,
        long priority,
        Action action,
        List<Template> templates,
        Set<PolicyFlag> flags,
        Optional<XfrmOffload> offload) {

    /** {@code XFRM_MAX_DEPTH} of include/net/xfrm.h. */
    private static final int MOST_TEMPLATES = 6;

    public enum Action {
        ALLOW,
        BLOCK
    }

    public Policy {
        switch (id.direction()) {
            case IN, OUT, FORWARD -> {}
            case SOCKET_IN, SOCKET_OUT, SOCKET_FORWARD ->
                throw new IllegalArgumentException("A policy of a socket cannot be installed over netlink");
        }
        Range.require("priority", priority, 0, Range.UNSIGNED_32);
        templates = List.copyOf(templates);
        Range.require("number of templates", templates.size(), 0, MOST_TEMPLATES);
        if (action == Action.BLOCK && !templates.isEmpty()) {
            throw new IllegalArgumentException("A policy that discards has no templates");
        }
        flags = Set.copyOf(flags);
        if (flags.contains(PolicyFlag.PER_CPU_ACQUIRE) && id.direction() != PolicyDir.OUT) {
            throw new IllegalArgumentException("Only an outbound policy asks for SAs");
        }
        if (offload.filter(device -> !device.packet()).isPresent()) {
            throw new IllegalArgumentException("A device that does the cryptography alone applies no policy");
        }
    }

    /** A policy that the kernel applies. */
    public Policy(PolicyId id, long priority, Action action, List<Template> templates, Set<PolicyFlag> flags) {
        this(id, priority, action, templates, flags, Optional.empty());
    }

    /** A policy without flags. */
    public Policy(PolicyId id, long priority, Action action, List<Template> templates) {
        this(id, priority, action, templates, Set.of());
    }
}
