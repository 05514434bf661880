package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/** Which packets (the kernel's {@code struct xfrm_selector}). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PlannedSelector(
        @Required @JsonPropertyDescription("Prefix of the packets' source.")
        String source,

        @Required @JsonPropertyDescription("Prefix of the packets' destination.")
        String destination,

        @Required @JsonPropertyDescription("Next layer protocol: its name, or the number of one without a name.")
        String protocol,

        @JsonPropertyDescription("Source port, or type of ICMP; any if absent.")
        Integer sourcePort,

        @JsonPropertyDescription("The bits of the source port that count; all if absent.")
        Integer sourcePortMask,

        @JsonPropertyDescription("Destination port, or code of ICMP; any if absent.")
        Integer destinationPort,

        @JsonPropertyDescription("The bits of the destination port that count; all if absent.")
        Integer destinationPortMask) {

    static final int ALL_BITS = 0xffff;

    /** All protocols and ports between two prefixes. */
    public static PlannedSelector between(String source, String destination) {
        return new PlannedSelector(source, destination, UpperProtocol.ANY.toString(), null, null, null, null);
    }

    /** A port and the bits of it that count. */
    public record MaskedPort(int port, int mask) {}

    /** @throws IllegalArgumentException if it is no protocol */
    public UpperProtocol upperProtocol() {
        return UpperProtocol.parse(protocol)
                .orElseThrow(() -> new IllegalArgumentException("there is no protocol " + protocol));
    }

    /** Source port, or type of ICMP; empty for any. */
    public Optional<MaskedPort> from() {
        return masked(sourcePort, sourcePortMask);
    }

    /** Destination port, or code of ICMP; empty for any. */
    public Optional<MaskedPort> to() {
        return masked(destinationPort, destinationPortMask);
    }

    private static Optional<MaskedPort> masked(Integer port, Integer mask) {
        return Optional.ofNullable(port).map(value -> new MaskedPort(value, mask == null ? ALL_BITS : mask));
    }

    @Override
    public String toString() {
        var text = new StringBuilder("%s to %s".formatted(source, destination));
        if (!upperProtocol().equals(UpperProtocol.ANY)) {
            text.append(" protocol ").append(protocol);
        }
        from().ifPresent(port -> text.append(" from ").append(describe(port)));
        to().ifPresent(port -> text.append(" at ").append(describe(port)));
        return text.toString();
    }

    private String describe(MaskedPort port) {
        return "%s %d%s"
                .formatted(
                        upperProtocol().hasIcmpType() ? "type or code" : "port",
                        port.port(),
                        port.mask() == ALL_BITS ? "" : "-" + (port.port() | ~port.mask() & ALL_BITS));
    }
}
