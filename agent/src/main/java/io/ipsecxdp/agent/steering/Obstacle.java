package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.VlanOffload;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.links.Link;
import java.util.Optional;

/** Why an interface cannot be steered, whatever state it is in: it is left alone, or let go. */
final class Obstacle {
    private Obstacle() {}

    static Optional<InterfaceStatus> of(SteeringInput now, DesiredSteering wanted) {
        Optional<Link> link = now.link(wanted);
        return link.filter(there -> !there.hasEthernetHeader())
                .map(Obstacle::withoutEthernet)
                .or(() -> now.mode(wanted).refusal().map(why -> InterfaceStatus.failed(Reason.Unsupported, why)))
                .or(() -> link.flatMap(there -> redirectLost(now, wanted, there.device())))
                .or(() -> now.tagLoss(wanted)
                        .filter(loss ->
                                wanted.planned().vlanOffload() == VlanOffload.DontSteer || !loss.canBeSwitchedOff())
                        .map(loss -> InterfaceStatus.failed(Reason.VlanOffload, loss.message())));
    }

    private static InterfaceStatus withoutEthernet(Link link) {
        return InterfaceStatus.failed(
                Reason.Unsupported,
                ("%s is a %s interface, whose packets have no Ethernet header, and steering needs one. Leave it out of "
                                + "spec.interfaces; ESP that the interface below receives is steered there.")
                        .formatted(
                                link.device().name(), link.kind().isEmpty() ? "type-" + link.hardware() : link.kind()));
    }

    private static Optional<InterfaceStatus> redirectLost(SteeringInput now, DesiredSteering wanted, NetDevice device) {
        return Optional.ofNullable(now.lost().get(device))
                .filter(packets -> now.mode(wanted).mode() != WantedXdpMode.GENERIC)
                .map(packets -> InterfaceStatus.failed(
                        Reason.RedirectLost,
                        ("Of %d packets that XDP sent to other CPUs none arrived, so nothing is steered here any more: the "
                                        + "driver's native XDP loses them. Set spec.mode: Generic.")
                                .formatted(packets)));
    }
}
