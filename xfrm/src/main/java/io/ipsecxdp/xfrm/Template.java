package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.util.Optional;

/**
 * The SA that a policy asks for ({@code struct xfrm_user_tmpl}).
 *
 * @param ends outer addresses; empty where the packet's own ends are meant, as in transport mode
 * @param spi 0 for any
 * @param level USE lets inbound packets pass that were not protected
 */
public record Template(
        IpProtocol protocol, Mode mode, long reqid, Optional<Ends> ends, long spi, Level level, AddressFamily family) {

    public enum Level {
        REQUIRED,
        USE
    }

    /** Outer source and destination, of one family. */
    public record Ends(InetAddress source, InetAddress destination) {
        public Ends {
            if (AddressFamily.of(source) != AddressFamily.of(destination)) {
                throw new IllegalArgumentException("Both ends of a template must be of one address family: %s, %s"
                        .formatted(source.getHostAddress(), destination.getHostAddress()));
            }
        }
    }

    public Template {
        Range.require("reqid", reqid, 0, Range.UNSIGNED_32);
        Range.require("SPI", spi, 0, Range.UNSIGNED_32);
        if (ends.isPresent() && AddressFamily.of(ends.get().source()) != family) {
            throw new IllegalArgumentException("The ends of a template must be of its family, " + family);
        }
    }

    /** Whether it asks for the same SAs, at whatever level. */
    public boolean asksForSameSas(Template other) {
        return equals(
                new Template(other.protocol, other.mode, other.reqid, other.ends, other.spi, level, other.family));
    }
}
