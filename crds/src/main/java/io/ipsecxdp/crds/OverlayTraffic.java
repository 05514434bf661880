package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** The encapsulation of a CNI. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value = "(self.protocol == 'UDP') == has(self.port)",
        message =
                "traffic.overlay.port goes with protocol UDP, and only with it: 8472 is VXLAN of Flannel and Cilium, 4789 "
                        + "VXLAN of others, 6081 Geneve")
@ValidationRule(
        value = "!has(self.port) || (self.port >= 1 && self.port <= 65535)",
        message = "traffic.overlay.port must be 1 to 65535")
@ValidationRule(
        value = "!has(self.port) || !(self.port in [500, 4500])",
        message =
                "traffic.overlay.port 500 and 4500 are for IKE and for ESP in UDP itself: name the port of the CNI's VXLAN or Geneve")
public record OverlayTraffic(
        @Required @JsonPropertyDescription("UDP for VXLAN and Geneve, IPIP for IP in IP, GRE.")
        OverlayProtocol protocol,

        @JsonPropertyDescription("For UDP, the port that the CNI sends to: 8472 or 4789 for VXLAN, 6081 for Geneve.")
        Integer port) {

    public Optional<Integer> destinationPort() {
        return Optional.ofNullable(port);
    }
}
