package io.ipsecxdp.agent.xfrm;

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
