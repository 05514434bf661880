package io.ipsecxdp.xfrm;

/**
 * A protocol number of IANA's registry, as it stands in an IP header.
 *
 * @param number 0 to 255; 0 means any protocol in a selector
 */
public record IpProtocol(int number) {

    public static final IpProtocol ANY = new IpProtocol(0);
    public static final IpProtocol ESP = new IpProtocol(50);
    public static final IpProtocol AH = new IpProtocol(51);

    public IpProtocol {
        Range.require("protocol number", number, 0, 255);
    }

    /** One value for all SAs of a protocol. */
    public static IpProtocol of(int number) {
        return switch (number) {
            case 0 -> ANY;
            case 50 -> ESP;
            case 51 -> AH;
            default -> new IpProtocol(number);
        };
    }

    @Override
    public String toString() {
        return switch (number) {
            case 0 -> "any";
            case 50 -> "esp";
            case 51 -> "ah";
            default -> Integer.toString(number);
        };
    }
}
