package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.bpf.UnknownSpiHandling;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.xfrm.XfrmMark;
import java.util.Optional;
import java.util.Set;

/**
 * What can be done about packets that belong to no SA.
 *
 * @param learned for whom the learning period is over
 * @param marks of all SAs of the node; empty as long as they are not known
 * @param lookup whether XDP can look SAs up in the kernel
 */
record UnknownSpiRules(Set<InterfaceStatus.Key> learned, Optional<Set<XfrmMark>> marks, boolean lookup) {

    /**
     * What is done.
     *
     * @param note a sentence about why it is less than what the policy says, or nothing
     */
    record Decision(UnknownSpiHandling action, String note) {}

    /**
     * What to do on an interface.
     *
     * @param shared whether frames that come there may be for others than this node
     */
    Decision decide(InterfaceStatus.Key key, PlannedSteering planned, boolean shared) {
        return switch (planned.unknownSPI()) {
            case Pass -> new Decision(UnknownSpiHandling.PASS, "");
            case Count -> new Decision(UnknownSpiHandling.COUNT, "");
            case Drop -> drop(key, planned, shared);
        };
    }

    private Decision drop(InterfaceStatus.Key key, PlannedSteering planned, boolean shared) {
        if (shared) {
            return counted(
                    "the interface, or a bond or VLAN above it, is a port of a bridge or Open vSwitch or carries a macvlan or ipvlan, so they may be for others");
        }
        if (!lookup) {
            return counted("this kernel cannot look SAs up from XDP");
        }
        if (!learned.contains(key)) {
            return counted("learningSeconds (%d) are not over".formatted(planned.learningSeconds()));
        }
        // XDP cannot know which mark a rule of the firewall will give the packet
        if (marks.isEmpty() || marks.get().stream().anyMatch(mark -> isHidden(mark, planned.mark()))) {
            return counted("the node has SAs with other marks than mark (%d)".formatted(planned.mark()));
        }
        return new Decision(UnknownSpiHandling.DROP, "");
    }

    private static Decision counted(String why) {
        return new Decision(UnknownSpiHandling.COUNT, "Unknown SPIs are counted and not dropped: " + why + ".");
    }

    /** Whether a lookup with {@code mark} misses an SA with {@code of} (include/net/xfrm.h, xfrm_mark_get). */
    private static boolean isHidden(XfrmMark of, long mark) {
        return ((int) mark & of.mask()) != of.value();
    }
}
