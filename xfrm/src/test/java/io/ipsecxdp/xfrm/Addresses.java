package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Address literals in tests. */
public final class Addresses {

    private Addresses() {}

    public static InetAddress ip(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(literal + " is no address", e);
        }
    }

    /** Such as {@code 10.0.0.0/8}. */
    public static Prefix prefix(String literal) {
        String[] parts = literal.split("/");
        return new Prefix(ip(parts[0]), Integer.parseInt(parts[1]));
    }
}
