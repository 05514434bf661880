package io.ipsecxdp.operator.compile;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An IP address by its canonical text, so that equal addresses are equal values.
 *
 * @param text dotted decimal, or as RFC 5952 writes IPv6
 */
public record IpAddress(Family family, String text) implements Comparable<IpAddress> {
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

    /** What InetAddress takes for a literal and never asks a resolver for. */
    private static final Pattern IPV6_CHARACTERS = Pattern.compile("(?=.*:)[0-9a-fA-F:][0-9a-fA-F:.]{1,45}");

    /** The address that {@code text} is; empty for names, zones, IPv4 in IPv6 and octets with leading zeros. */
    public static Optional<IpAddress> parse(String text) {
        if (IPV4.matcher(text).matches()) {
            return Optional.of(new IpAddress(Family.IPV4, text));
        }
        return bytesOfIpv6(text).map(bytes -> new IpAddress(Family.IPV6, rfc5952(bytes)));
    }

    /** Addresses that every host has for itself: loopback and link-local. */
    boolean isOfOneHostOnly() {
        return switch (family) {
            case IPV4 -> text.startsWith("127.") || text.startsWith("169.254.");
            case IPV6 -> text.equals("::1") || text.matches("fe[89ab][0-9a-f]:.*");
        };
    }

    byte[] bytes() {
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException(text + " was an address when it was read", e);
        }
    }

    private static Optional<byte[]> bytesOfIpv6(String text) {
        if (!IPV6_CHARACTERS.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            byte[] bytes = InetAddress.getByName(text).getAddress();
            return bytes.length * Byte.SIZE == Family.IPV6.bits() ? Optional.of(bytes) : Optional.empty();
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    /** RFC 5952, section 4: lower case, no leading zeros, the first longest run of two or more zero groups is "::". */
    private static String rfc5952(byte[] bytes) {
        int[] groups = new int[bytes.length / Short.BYTES];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << Byte.SIZE | bytes[2 * i + 1] & 0xff;
        }
        int runStart = -1;
        int runLength = 1;
        for (int i = 0; i < groups.length; i++) {
            int end = i;
            while (end < groups.length && groups[end] == 0) {
                end++;
            }
            if (end - i > runLength) {
                runStart = i;
                runLength = end - i;
            }
        }
        var text = new StringBuilder();
        for (int i = 0; i < groups.length; i++) {
            if (i == runStart) {
                text.append("::");
                i += runLength - 1;
                continue;
            }
            if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                text.append(':');
            }
            text.append(Integer.toHexString(groups[i]));
        }
        return text.toString();
    }

    @Override
    public int compareTo(IpAddress other) {
        return Comparator.comparing(IpAddress::family)
                .thenComparing(IpAddress::text)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return text;
    }
}
