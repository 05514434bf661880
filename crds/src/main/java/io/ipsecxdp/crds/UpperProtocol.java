package io.ipsecxdp.crds;

/** Next layer protocol of a selector (RFC 4301, section 4.4.1.1). */
public enum UpperProtocol {
    Any(0),
    ICMP(1),
    TCP(6),
    UDP(17),
    ICMPv6(58),
    SCTP(132);

    private final int number;

    UpperProtocol(int number) {
        this.number = number;
    }

    /** IANA's protocol number; 0 stands for any, as in the kernel's {@code struct xfrm_selector}. */
    public int number() {
        return number;
    }
}
