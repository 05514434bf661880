package io.ipsecxdp.xfrm;

/**
 * The packets that a policy, or an SA, is for ({@code struct xfrm_selector}).
 *
 * @param source of the destination's family
 * @param upperProtocol {@link IpProtocol#ANY} for all
 * @param interfaceIndex 0 for all interfaces
 * @param user the kernel compares it as part of a policy's identity and for nothing else; 0 on ours
 */
public record XfrmSelector(
        Prefix source,
        Prefix destination,
        IpProtocol upperProtocol,
        PortMatch sourcePort,
        PortMatch destinationPort,
        int interfaceIndex,
        long user) {

    public XfrmSelector {
        if (AddressFamily.of(source.address()) != AddressFamily.of(destination.address())) {
            throw new IllegalArgumentException(
                    "Both sides of a selector must be of one address family: %s, %s".formatted(source, destination));
        }
        Range.require("user", user, 0, Range.UNSIGNED_32);
    }

    /** All protocols and ports between two prefixes. */
    public static XfrmSelector between(Prefix source, Prefix destination) {
        return new XfrmSelector(source, destination, IpProtocol.ANY, PortMatch.ANY, PortMatch.ANY, 0, 0);
    }

    /** The same prefixes, for one upper protocol and its ports. */
    public XfrmSelector with(IpProtocol protocol, PortMatch from, PortMatch to) {
        return new XfrmSelector(source, destination, protocol, from, to, interfaceIndex, user);
    }

    /** The same for one interface. */
    public XfrmSelector on(int index) {
        return new XfrmSelector(source, destination, upperProtocol, sourcePort, destinationPort, index, user);
    }

    /** Whether the kernel finds that it matches a packet ({@code xfrm_selector_match} in net/xfrm/xfrm_policy.c). */
    public boolean takes(XfrmSelector packet) {
        return source.contains(packet.source.address())
                && destination.contains(packet.destination.address())
                && (upperProtocol.equals(IpProtocol.ANY) || upperProtocol.equals(packet.upperProtocol))
                && sourcePort.takes(packet.sourcePort.port())
                && destinationPort.takes(packet.destinationPort.port())
                && (interfaceIndex == 0 || interfaceIndex == packet.interfaceIndex);
    }

    public AddressFamily family() {
        return AddressFamily.of(source.address());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("%s to %s".formatted(source, destination));
        if (!upperProtocol.equals(IpProtocol.ANY)) {
            text.append(" protocol ").append(upperProtocol);
        }
        if (!sourcePort.equals(PortMatch.ANY) || !destinationPort.equals(PortMatch.ANY)) {
            text.append(" ports ").append(sourcePort).append(" to ").append(destinationPort);
        }
        if (interfaceIndex != 0) {
            text.append(" interface ").append(interfaceIndex);
        }
        return text.toString();
    }
}
