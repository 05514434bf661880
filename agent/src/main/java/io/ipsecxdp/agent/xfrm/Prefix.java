package io.ipsecxdp.agent.xfrm;

import java.net.InetAddress;

/**
 * A range of addresses.
 *
 * @param length of the prefix in bits, 0 to 32 or 128
 */
public record Prefix(InetAddress address, int length) {

    public Prefix {
        Range.require("prefix length", length, 0, AddressFamily.of(address).addressBits());
    }

    /** The prefix that is this one address. */
    public static Prefix host(InetAddress address) {
        return new Prefix(address, AddressFamily.of(address).addressBits());
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + length;
    }
}
