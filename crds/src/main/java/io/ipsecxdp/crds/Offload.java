package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** A network device that does the work of an SA. */
@ValidationRule(
        value = "self.device.matches('^[^/:\\\\s]{1,15}$') && self.device != '.' && self.device != '..'",
        message =
                "offload.device must be the name of a network device of the node: 1 to 15 characters without '/', ':' "
                        + "or white space")
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Offload(
        @Required
        @JsonPropertyDescription(
                "Crypto: the device encrypts and decrypts, the kernel does the rest. Packet: the device "
                        + "does everything; the kernel sees only the packet inside.")
        OffloadType type,

        @Required @JsonPropertyDescription("Name of the network device on this node.") @Size(max = 64)
        String device) {}
