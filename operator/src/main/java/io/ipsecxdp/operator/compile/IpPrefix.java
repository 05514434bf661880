package io.ipsecxdp.operator.compile;

import java.math.BigInteger;
import java.util.Optional;

/** A prefix in canonical form: no bits are set behind its length. */
public record IpPrefix(IpAddress address, int length) {

    /** The prefix that holds {@code address} alone. */
    public static IpPrefix of(IpAddress address) {
        return new IpPrefix(address, address.family().bits());
    }

    /** The prefix that {@code text} is; empty if it is none, or has bits set behind its length. */
    public static Optional<IpPrefix> parse(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length != 2 || !parts[1].matches("0|[1-9][0-9]{0,2}")) {
            return Optional.empty();
        }
        int length = Integer.parseInt(parts[1]);
        return IpAddress.parse(parts[0])
                .filter(address -> length <= address.family().bits())
                .filter(address -> new BigInteger(1, address.bytes()).getLowestSetBit() == -1
                        || new BigInteger(1, address.bytes()).getLowestSetBit()
                                >= address.family().bits() - length)
                .map(address -> new IpPrefix(address, length));
    }

    /** Whether an address is in both. */
    boolean overlaps(IpPrefix other) {
        if (family() != other.family()) {
            return false;
        }
        int apart = family().bits() - Math.min(length, other.length);
        return new BigInteger(1, address.bytes())
                .shiftRight(apart)
                .equals(new BigInteger(1, other.address.bytes()).shiftRight(apart));
    }

    public Family family() {
        return address.family();
    }

    @Override
    public String toString() {
        return address + "/" + length;
    }
}
