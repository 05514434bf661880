package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.util.Optional;

/**
 * ESP in UDP (RFC 3948). To receive it, a socket with {@code UDP_ENCAP} has to be open on the destination port.
 *
 * @param sourcePort 0 to 65535
 * @param destinationPort 0 to 65535
 * @param originalAddress of the peer before a NAT; the kernel only remembers it
 */
public record EspInUdp(int sourcePort, int destinationPort, Optional<InetAddress> originalAddress) {

    public EspInUdp {
        Range.require("UDP source port", sourcePort, 0, Range.UNSIGNED_16);
        Range.require("UDP destination port", destinationPort, 0, Range.UNSIGNED_16);
    }

    @Override
    public String toString() {
        String ports = "UDP port %d to %d".formatted(sourcePort, destinationPort);
        return originalAddress
                .map(address -> ports + ", originally " + address.getHostAddress())
                .orElse(ports);
    }
}
