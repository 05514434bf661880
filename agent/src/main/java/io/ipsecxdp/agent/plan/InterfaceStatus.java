package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.XdpMode;
import java.util.Optional;

/**
 * How the steering of an interface stands.
 *
 * @param mode in which the XDP program is attached; empty if it is not
 */
public record InterfaceStatus(EntryStatus status, Optional<XdpMode> mode) {

    /**
     * What is unique to the steering of an interface in a plan.
     *
     * @param policy uid of the SteeringPolicy
     */
    public record Key(String policy, String interfaceName) {}

    /** Not steered, and why. */
    public static InterfaceStatus failed(Reason reason, String message) {
        return new InterfaceStatus(EntryStatus.failed(reason, message), Optional.empty());
    }
}
