package io.ipsecxdp.xfrm;

import java.net.Inet4Address;
import java.net.InetAddress;

/** The two address families IPsec runs over. */
public enum AddressFamily {
    IPV4("IPv4", 32),
    IPV6("IPv6", 128);

    private final String text;
    private final int addressBits;

    AddressFamily(String text, int addressBits) {
        this.text = text;
        this.addressBits = addressBits;
    }

    public static AddressFamily of(InetAddress address) {
        return address instanceof Inet4Address ? IPV4 : IPV6;
    }

    /** 32 or 128: also the length of a prefix that is one address. */
    public int addressBits() {
        return addressBits;
    }

    @Override
    public String toString() {
        return text;
    }
}
