package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/** One flow (RFC 4301, section 4.4.1). */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "has(self.source.node) || has(self.destination.node)",
        message =
                "no end is a cluster node: name a node in source or destination, else there is nowhere to install the policy")
@ValidationRule(
        value = "!(has(self.source.node) && has(self.destination.node) && self.source.node == self.destination.node)",
        message = "source and destination are the same node: a policy is for traffic between two hosts")
@ValidationRule(
        value = "!(has(self.source.address) && has(self.destination.address) && isIP(self.source.address) && "
                + "isIP(self.destination.address) && ip(self.source.address) == ip(self.destination.address))",
        message = "source and destination have the same address: a policy is for traffic between two hosts")
@ValidationRule(
        value = "!(has(self.source.address) && has(self.destination.address) && isIP(self.source.address) && "
                + "isIP(self.destination.address) && "
                + "ip(self.source.address).family() != ip(self.destination.address).family())",
        message = "one end is IPv4 and the other IPv6: give both ends an address of the same family")
@ValidationRule(
        value = "self.reqid >= 268435457 && self.reqid <= 2147483647",
        message =
                "reqid must be 268435457 to 2147483647: those below are left to IKE daemons, those above to the operator")
@ValidationRule(
        value = "self.priority >= 1 && self.priority <= 65535",
        message = "priority must be 1 to 65535; of two policies that select a packet the lower number wins")
public record SecurityPolicySpec(
        @Required
        @JsonPropertyDescription(
                "The end that sends. If it is a node, the policy is installed there for direction out.")
        PolicyEnd source,

        @Required
        @JsonPropertyDescription(
                "The end that receives. If it is a node, the policy is installed there for directions in and " + "fwd.")
        PolicyEnd destination,

        @JsonPropertyDescription("Which packets. Without it, all packets between the two ends themselves.")
        Selector selector,

        @Default("Protect")
        @JsonPropertyDescription(
                "Protect: send through an SA, and refuse to receive without one. Bypass: leave alone. Discard: "
                        + "drop.")
        PolicyAction action,

        @Default("Tunnel") @JsonPropertyDescription("Mode of the SAs that protect the flow.")
        SaMode mode,

        @Default("268435457")
        @JsonPropertyDescription("Ties the policy to the SAs with the same reqid, 268435457 to 2147483647.")
        Long reqid,

        @Default("1000")
        @JsonPropertyDescription("Of two policies that select a packet the one with the lower number wins, 1 to 65535.")
        Integer priority) {

    public SecurityPolicySpec {
        selector = selector == null ? Selector.betweenTheEnds() : selector;
    }
}
