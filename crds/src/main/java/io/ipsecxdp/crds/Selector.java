package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.Optional;

/** Which packets (RFC 4301, section 4.4.1.1). */
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
        value =
                "type(self.protocol) == int ? self.protocol >= 0 && self.protocol <= 255 : self.protocol in ['Any', 'ICMP', "
                        + "'IGMP', 'IPv4', 'TCP', 'UDP', 'DCCP', 'IPv6', 'GRE', 'ESP', 'AH', 'ICMPv6', 'OSPF', 'PIM', 'VRRP', 'L2TP', "
                        + "'SCTP', 'UDPLite']",
        message =
                "selector.protocol must be Any, TCP, UDP, ICMP, ICMPv6, SCTP, DCCP, UDPLite, GRE, IGMP, IPv4, IPv6, ESP, AH, "
                        + "OSPF, PIM, VRRP, L2TP or a number from 0 to 255 without quotes")
@ValidationRule(
        value = "!has(self.sourcePort) || (self.sourcePort >= 1 && self.sourcePort <= 65535)",
        message = "selector.sourcePort must be 1 to 65535; leave it out for any")
@ValidationRule(
        value = "!(has(self.sourcePort) && has(self.sourcePorts))",
        message = "selector.sourcePort and selector.sourcePorts do not go together: remove one")
@ValidationRule(
        value = "!has(self.sourcePorts) || self.sourcePorts.matches('^(0|[1-9][0-9]{0,4})-[1-9][0-9]{0,4}$')",
        message = "selector.sourcePorts must be the first and the last port of a range, for instance 8000-8063")
@ValidationRule(
        value = "!has(self.sourcePorts) || !self.sourcePorts.matches('^(0|[1-9][0-9]{0,4})-[1-9][0-9]{0,4}$') || "
                + "(int(self.sourcePorts.split('-')[1]) <= 65535 && "
                + "[2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768].exists(size, "
                + "int(self.sourcePorts.split('-')[1]) - int(self.sourcePorts.split('-')[0]) + 1 == size && "
                + "int(self.sourcePorts.split('-')[0]) % size == 0))",
        message =
                "selector.sourcePorts is a range that the kernel cannot compare by one mask: it must have a power of two of ports and "
                        + "begin at a multiple of their number, as 8000-8063 and 1024-2047 do; cut another one in such parts, each in a "
                        + "policy of its own")
@ValidationRule(
        value = "!has(self.destinationPort) || (self.destinationPort >= 1 && self.destinationPort <= 65535)",
        message = "selector.destinationPort must be 1 to 65535; leave it out for any")
@ValidationRule(
        value = "!(has(self.destinationPort) && has(self.destinationPorts))",
        message = "selector.destinationPort and selector.destinationPorts do not go together: remove one")
@ValidationRule(
        value = "!has(self.destinationPorts) || self.destinationPorts.matches('^(0|[1-9][0-9]{0,4})-[1-9][0-9]{0,4}$')",
        message = "selector.destinationPorts must be the first and the last port of a range, for instance 8000-8063")
@ValidationRule(
        value =
                "!has(self.destinationPorts) || !self.destinationPorts.matches('^(0|[1-9][0-9]{0,4})-[1-9][0-9]{0,4}$') || "
                        + "(int(self.destinationPorts.split('-')[1]) <= 65535 && "
                        + "[2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768].exists(size, "
                        + "int(self.destinationPorts.split('-')[1]) - int(self.destinationPorts.split('-')[0]) + 1 == size && "
                        + "int(self.destinationPorts.split('-')[0]) % size == 0))",
        message =
                "selector.destinationPorts is a range that the kernel cannot compare by one mask: it must have a power of two of ports and "
                        + "begin at a multiple of their number, as 8000-8063 and 1024-2047 do; cut another one in such parts, each in a "
                        + "policy of its own")
@ValidationRule(
        value =
                "!(has(self.sourcePort) || has(self.destinationPort) || has(self.sourcePorts) || has(self.destinationPorts)) || (type(self.protocol) == int ? self.protocol in [6, 17, "
                        + "33, 132, 136] : self.protocol in ['TCP', 'UDP', 'SCTP', 'DCCP', 'UDPLite'])",
        message = "selector ports need protocol TCP, UDP, SCTP, DCCP or UDPLite; ICMP has icmpType and icmpCode")
@ValidationRule(
        value =
                "!has(self.icmpType) || (type(self.protocol) == int ? self.protocol in [1, 58] : self.protocol in ['ICMP', "
                        + "'ICMPv6'])",
        message = "selector.icmpType needs protocol ICMP or ICMPv6")
@ValidationRule(
        value = "!has(self.icmpType) || (self.icmpType >= 0 && self.icmpType <= 255)",
        message = "selector.icmpType must be 0 to 255; leave it out for any")
@ValidationRule(
        value = "!has(self.icmpCode) || has(self.icmpType)",
        message = "selector.icmpCode needs icmpType: a code means something in one type only")
@ValidationRule(
        value = "!has(self.icmpCode) || (self.icmpCode >= 0 && self.icmpCode <= 255)",
        message = "selector.icmpCode must be 0 to 255; leave it out for any")
@ValidationRule(
        value = "!(self.protocol == 'ICMP' || self.protocol == 1) || !has(self.source) || !isCIDR(self.source) || "
                + "cidr(self.source).ip().family() == 4",
        message = "selector.protocol ICMP is that of IPv4, and selector.source is IPv6: write ICMPv6")
@ValidationRule(
        value = "!(self.protocol == 'ICMPv6' || self.protocol == 58) || !has(self.source) || !isCIDR(self.source) || "
                + "cidr(self.source).ip().family() == 6",
        message = "selector.protocol ICMPv6 is that of IPv6, and selector.source is IPv4: write ICMP")
public record Selector(
        @JsonPropertyDescription(
                "Prefix of the packets' source. Without it, in a policy, the address of its source end alone.")
        @Size(max = 64)
        String source,

        @JsonPropertyDescription(
                "Prefix of the packets' destination. Without it, in a policy, the address of its destination end alone.")
        @Size(max = 64)
        String destination,

        @Default("Any")
        @JsonPropertyDescription(
                "Next layer protocol: Any, TCP, UDP, ICMP, ICMPv6, SCTP, DCCP, UDPLite, GRE, IGMP, IPv4, IPv6, "
                        + "ESP, AH, OSPF, PIM, VRRP, L2TP, or IANA's number, 0 to 255.")
        IntOrString protocol,

        @JsonPropertyDescription("Source port, 1 to 65535; without it any.")
        Integer sourcePort,

        @JsonPropertyDescription(
                "Source ports, the first and the last of a range that the kernel's mask can express: a power of "
                        + "two of ports that begins at a multiple of their number, such as 8000-8063 or 1024-2047.")
        @Size(max = 16)
        String sourcePorts,

        @JsonPropertyDescription("Destination port, 1 to 65535; without it any.")
        Integer destinationPort,

        @JsonPropertyDescription("Destination ports, as sourcePorts.") @Size(max = 16)
        String destinationPorts,

        @JsonPropertyDescription("Type of ICMP or ICMPv6 messages, 0 to 255; without it any.")
        Integer icmpType,

        @JsonPropertyDescription("Code of ICMP or ICMPv6 messages of that type, 0 to 255; without it any.")
        Integer icmpCode) {

    private static final IntOrString ANY = new IntOrString(UpperProtocol.ANY.toString());

    public Selector {
        protocol = protocol == null ? ANY : protocol;
    }

    /** All protocols between two prefixes, or between the ends where one is null. */
    public static Selector between(String source, String destination) {
        return new Selector(source, destination, ANY, null, null, null, null, null, null);
    }

    /** Every packet between the two ends themselves. */
    public static Selector betweenTheEnds() {
        return between(null, null);
    }

    public Optional<String> sourcePrefix() {
        return Optional.ofNullable(source);
    }

    public Optional<String> destinationPrefix() {
        return Optional.ofNullable(destination);
    }

    /** The protocol; empty if what is declared is none. */
    public Optional<UpperProtocol> upperProtocol() {
        return UpperProtocol.parse(text(protocol));
    }

    /** The source port or ports as they were written; empty for any. */
    public Optional<String> fromPorts() {
        return Optional.ofNullable(sourcePort).map(Object::toString).or(() -> Optional.ofNullable(sourcePorts));
    }

    /** The destination port or ports as they were written; empty for any. */
    public Optional<String> toPorts() {
        return Optional.ofNullable(destinationPort)
                .map(Object::toString)
                .or(() -> Optional.ofNullable(destinationPorts));
    }

    public Optional<Integer> typeOfIcmp() {
        return Optional.ofNullable(icmpType);
    }

    public Optional<Integer> codeOfIcmp() {
        return Optional.ofNullable(icmpCode);
    }

    private static String text(IntOrString value) {
        return String.valueOf(value.getValue());
    }
}
