package io.ipsecxdp.operator.compile;

/** The two ends of an SA or of a flow, as resolved. */
public record EndAddresses(IpAddress source, IpAddress destination) {
    Family family() {
        return source.family();
    }
}
