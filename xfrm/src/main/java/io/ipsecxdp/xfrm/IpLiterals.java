package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Reads addresses as the API writes them. Never asks a name server. */
public final class IpLiterals {

    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private IpLiterals() {}

    /** @throws IllegalArgumentException with a sentence for the user, if {@code text} is not an IP address */
    public static InetAddress parse(String text) {
        if (!isLiteral(text)) {
            throw notAnAddress(text);
        }
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw notAnAddress(text);
        }
    }

    /** Whether {@code text} is written like an address, so that reading it involves no name server. */
    public static boolean isLiteral(String text) {
        return IPV4.matcher(text).matches() || IPV6.matcher(text).matches();
    }

    /** @throws IllegalArgumentException with a sentence for the user, if {@code text} is not a prefix */
    public static Prefix parsePrefix(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length != 2 || !parts[1].matches("[0-9]{1,3}")) {
            throw new IllegalArgumentException(text + " is not a prefix such as 192.0.2.0/24");
        }
        return new Prefix(parse(parts[0]), Integer.parseInt(parts[1]));
    }

    /** Whether the address lies in the prefix; one of the other family does not. */
    public static boolean within(InetAddress address, Prefix prefix) {
        byte[] bits = address.getAddress();
        byte[] wanted = prefix.address().getAddress();
        if (bits.length != wanted.length) {
            return false;
        }
        int whole = prefix.length() / Byte.SIZE;
        for (int i = 0; i < whole; i++) {
            if (bits[i] != wanted[i]) {
                return false;
            }
        }
        int rest = prefix.length() % Byte.SIZE;
        return rest == 0 || ((bits[whole] ^ wanted[whole]) & 0xff) >> (Byte.SIZE - rest) == 0;
    }

    private static IllegalArgumentException notAnAddress(String text) {
        return new IllegalArgumentException(text + " is not an IP address");
    }
}
