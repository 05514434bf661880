package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** Which packets a policy is for (RFC 4301, section 4.4.1.1). */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!has(self.source) || isCIDR(self.source)",
        message = "selector.source must be a prefix, for instance 10.20.1.0/24 or fd20:1::/64")
@ValidationRule(
        value = "!has(self.destination) || isCIDR(self.destination)",
        message = "selector.destination must be a prefix, for instance 10.20.2.0/24 or fd20:2::/64")
@ValidationRule(
        value = "!has(self.source) || !isCIDR(self.source) || cidr(self.source) == cidr(self.source).masked()",
        message = "selector.source has bits set behind its prefix length: write 10.20.1.0/24, not 10.20.1.7/24")
@ValidationRule(
        value =
                "!has(self.destination) || !isCIDR(self.destination) || cidr(self.destination) == cidr(self.destination).masked()",
        message = "selector.destination has bits set behind its prefix length: write 10.20.2.0/24, not 10.20.2.7/24")
@ValidationRule(
        value = "!(has(self.source) && has(self.destination) && isCIDR(self.source) && isCIDR(self.destination) && "
                + "cidr(self.source).ip().family() != cidr(self.destination).ip().family())",
        message = "selector.source and selector.destination are of different families: make both IPv4 or both IPv6")
@ValidationRule(
        value = "!(has(self.sourcePort) || has(self.destinationPort)) || self.protocol in ['TCP', 'UDP', 'SCTP']",
        message = "selector ports need protocol TCP, UDP or SCTP")
@ValidationRule(
        value = "(!has(self.sourcePort) || (self.sourcePort >= 1 && self.sourcePort <= 65535)) && "
                + "(!has(self.destinationPort) || (self.destinationPort >= 1 && self.destinationPort <= 65535))",
        message = "selector ports must be 1 to 65535; leave a port out for any")
public record Selector(
        @JsonPropertyDescription(
                "Prefix of the packets' source. Without it, the address of the policy's source end alone.")
        @Size(max = 64)
        String source,

        @JsonPropertyDescription(
                "Prefix of the packets' destination. Without it, the address of the policy's destination end "
                        + "alone.")
        @Size(max = 64)
        String destination,

        @Default("Any") @JsonPropertyDescription("Next layer protocol.")
        UpperProtocol protocol,

        @JsonPropertyDescription("Source port, 1 to 65535; without it any.")
        Integer sourcePort,

        @JsonPropertyDescription("Destination port, 1 to 65535; without it any.")
        Integer destinationPort) {

    public Selector {
        protocol = protocol == null ? UpperProtocol.Any : protocol;
    }

    /** Every packet between the two ends themselves. */
    public static Selector betweenTheEnds() {
        return new Selector(null, null, UpperProtocol.Any, null, null);
    }

    public Optional<String> sourcePrefix() {
        return Optional.ofNullable(source);
    }

    public Optional<String> destinationPrefix() {
        return Optional.ofNullable(destination);
    }
}
