package io.ipsecxdp.xfrm;

/** How an SA wraps a packet. We install TUNNEL, TRANSPORT and BEET; the others are seen on SAs of others. */
public enum Mode {
    TRANSPORT,
    TUNNEL,
    ROUTE_OPTIMIZATION,
    IN_TRIGGER,
    BEET,
    IPTFS,
    /** A mode younger than this program. */
    UNKNOWN
}
