package io.ipsecxdp.xfrm;

/**
 * Ports that a selector takes: those equal to {@code port} in the bits of {@code mask}. For ICMP the kernel compares
 * the type as source port and the code as destination port.
 *
 * @param port 0 to 65535
 * @param mask 0 to 65535; 0 takes any port
 */
public record PortMatch(int port, int mask) {

    private static final int ALL_BITS = 0xffff;

    public static final PortMatch ANY = new PortMatch(0, 0);

    public PortMatch {
        Range.require("port", port, 0, ALL_BITS);
        Range.require("port mask", mask, 0, ALL_BITS);
    }

    public static PortMatch exactly(int port) {
        return new PortMatch(port, ALL_BITS);
    }

    /** Whether a packet with this port is meant. */
    public boolean takes(int other) {
        return ((other ^ port) & mask) == 0;
    }

    @Override
    public String toString() {
        return switch (mask) {
            case 0 -> "any";
            case ALL_BITS -> Integer.toString(port);
            default -> "%d/0x%04x".formatted(port, mask);
        };
    }
}
