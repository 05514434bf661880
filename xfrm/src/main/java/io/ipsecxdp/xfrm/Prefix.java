package io.ipsecxdp.xfrm;

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

    /** Whether the address is in this range. */
    public boolean contains(InetAddress other) {
        byte[] range = address.getAddress();
        byte[] one = other.getAddress();
        if (range.length != one.length) {
            return false;
        }
        for (int bit = 0; bit < length; bit++) {
            int mask = 0x80 >>> bit % Byte.SIZE;
            if (((range[bit / Byte.SIZE] ^ one[bit / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + length;
    }
}
