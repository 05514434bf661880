package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** ESP in UDP, to pass a NAT (RFC 3948). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value = "self.sourcePort >= 1 && self.sourcePort <= 65535 && self.destinationPort >= 1 && "
                + "self.destinationPort <= 65535",
        message = "udpEncapsulation ports must be 1 to 65535; leave them out for 4500")
@ValidationRule(
        value = "!has(self.originalAddress) || isIP(self.originalAddress)",
        message = "udpEncapsulation.originalAddress must be an IP address: the one that the sender had before the NAT")
public record UdpEncapsulation(
        @Default("4500") @JsonPropertyDescription("UDP port of the source, 1 to 65535.")
        Integer sourcePort,

        @Default("4500")
        @JsonPropertyDescription(
                "UDP port of the destination, 1 to 65535. A socket with UDP_ENCAP must be open there, as IKE daemons have "
                        + "it: else the kernel hands the packets to nobody.")
        Integer destinationPort,

        @JsonPropertyDescription(
                "The address that the source had before the NAT (RFC 3948, section 3.1.2); not in mode "
                        + "Tunnel, where the NAT sees nothing of the packet inside.")
        @Size(max = 64)
        String originalAddress) {

    public Optional<String> addressBeforeNat() {
        return Optional.ofNullable(originalAddress);
    }
}
