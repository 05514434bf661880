package io.ipsecxdp.xfrm;

import java.net.InetAddress;

/**
 * What the kernel takes for the identity of an SA: a second one with the same four values is refused with EEXIST,
 * whatever its source ({@code __xfrm_state_locate} in net/xfrm/xfrm_state.c). An SA without a mark takes the identity
 * for all marks that come after it.
 *
 * @param spi 0 to 2^32-1, host order; 0 only on an SA that the kernel is still waiting for
 */
public record SaId(InetAddress destination, IpProtocol protocol, long spi, XfrmMark mark) {

    public SaId {
        Range.require("SPI", spi, 0, Range.UNSIGNED_32);
    }

    /** The identity of an unmarked ESP SA. */
    public static SaId esp(InetAddress destination, long spi) {
        return new SaId(destination, IpProtocol.ESP, spi, XfrmMark.NONE);
    }

    public SaId withoutMark() {
        return new SaId(destination, protocol, spi, XfrmMark.NONE);
    }

    @Override
    public String toString() {
        String unmarked = "%s 0x%08x to %s".formatted(protocol, spi, destination.getHostAddress());
        return mark.equals(XfrmMark.NONE) ? unmarked : unmarked + " mark " + mark;
    }
}
