package io.ipsecxdp.operator.compile;

/** The two ends of an SA or of a flow, as resolved. */
public record Addresses(IpAddress source, IpAddress destination) {
    Family family() {
        return source.family();
    }
}
