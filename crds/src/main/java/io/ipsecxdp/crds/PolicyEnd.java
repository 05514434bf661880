package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** One end of a flow. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(value = EndRules.IS_NAMED, message = EndRules.IS_NAMED_MESSAGE)
@ValidationRule(value = EndRules.ADDRESS, message = EndRules.ADDRESS_MESSAGE)
@ValidationRule(
        value = "!has(self.interfaceName) || has(self.node)",
        message = "interfaceName is an interface of a cluster node: name the node, or remove interfaceName")
@ValidationRule(
        value =
                "!has(self.interfaceName) || (self.interfaceName.matches('^[^/:\\\\s]{1,15}$') && self.interfaceName != '.' && "
                        + "self.interfaceName != '..')",
        message = "interfaceName must have 1 to 15 characters without '/', ':' or white space")
@ValidationRule(value = EndRules.OFFLOAD, message = EndRules.OFFLOAD_MESSAGE)
@ValidationRule(
        value = "!has(self.offload) || self.offload.type == 'Packet'",
        message =
                "offload of a policy is of type Packet: where a device does the cryptography alone, the kernel applies the "
                        + "policy, so remove offload")
public record PolicyEnd(
        @JsonPropertyDescription(
                "Name of a cluster node. The policy is installed there: out at the source, in and fwd at "
                        + "the destination. Without an address an InternalIP of the node is used: "
                        + "the one that SAs and policies between the same ends have, else the first.")
        @Size(max = 253)
        String node,

        @JsonPropertyDescription(EndRules.ADDRESS_MEANS) @Size(max = 64)
        String address,

        @JsonPropertyDescription(
                "Name of an interface of this node: the policy selects there only packets that leave or arrive by it. "
                        + "Without it, packets of all interfaces.")
        @Size(max = 64)
        String interfaceName,

        @JsonPropertyDescription(
                "The network device of this node that does the work of the SAs of this policy. SAs with an offload of type "
                        + "Packet are used by policies with the same offload alone, and such a policy uses no others.")
        Offload offload)
        implements End {

    /** An end whose policy the kernel applies. */
    public PolicyEnd(String node, String address, String interfaceName) {
        this(node, address, interfaceName, null);
    }

    public Optional<String> onlyInterface() {
        return Optional.ofNullable(interfaceName);
    }
}
