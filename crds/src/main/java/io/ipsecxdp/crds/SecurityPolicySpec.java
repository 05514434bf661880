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
        value = "self.priority >= 1 && self.priority <= 2147483647",
        message = "priority must be 1 to 2147483647; of two policies that select a packet the lower number wins")
@ValidationRule(
        value = "self.protocol == 'ESP' || self.mode != 'BEET'",
        message = "mode BEET is for ESP: AH has none, take Tunnel or Transport")
@ValidationRule(
        value = "!has(self.level) || self.action == 'Protect'",
        message = "level is for action Protect: Bypass and Discard use no SA, so remove it")
@ValidationRule(
        value = "self.protocol == 'ESP' || self.action == 'Protect'",
        message = "protocol AH is for action Protect: Bypass and Discard use no SA, so remove it")
@ValidationRule(
        value =
                "!has(self.perCpuAcquire) || !self.perCpuAcquire || (self.action == 'Protect' && has(self.source.node))",
        message =
                "perCpuAcquire asks an IKE daemon at the source for SAs: it needs action Protect and a node as source")
@ValidationRule(
        value = "!has(self.level) || self.level != 'Use' || self.mode == 'Transport' || !has(self.source.node)",
        message =
                "level Use is for mode Transport where the source is a node: for packets that leave, Linux takes no tunnel that "
                        + "may be missing, so take level: Required")
@ValidationRule(
        value = "self.action == 'Protect' || !(has(self.source.offload) || has(self.destination.offload))",
        message = "offload is for action Protect: Bypass and Discard use no SA, so remove it")
@ValidationRule(
        value = "self.protocol == 'ESP' || !(has(self.source.offload) || has(self.destination.offload))",
        message = "offload is for ESP: Linux has none for AH")
@ValidationRule(
        value = "self.mode != 'BEET' || !(has(self.source.offload) || has(self.destination.offload))",
        message = "offload is for modes Tunnel and Transport: no device does BEET")
@ValidationRule(
        value = "!has(self.interfaceId) || (self.interfaceId >= 1 && self.interfaceId <= 4294967295)",
        message = "interfaceId must be 1 to 4294967295, as the if_id of an XFRM interface; leave it out for none")
public record SecurityPolicySpec(
        @Required
        @JsonPropertyDescription(
                "The end that sends. If it is a node, the policy is installed there for direction out.")
        PolicyEnd source,

        @Required
        @JsonPropertyDescription(
                "The end that receives. If it is a node, the policy is installed there for directions in and fwd.")
        PolicyEnd destination,

        @JsonPropertyDescription("Which packets. Without it, all packets between the two ends themselves.")
        Selector selector,

        @Default("Protect")
        @JsonPropertyDescription(
                "Protect: send through an SA, and refuse to receive without one. Bypass: leave alone. Discard: "
                        + "drop.")
        PolicyAction action,

        @Default("ESP") @JsonPropertyDescription("Protocol of the SAs that protect the flow: ESP or AH.")
        IpsecProtocol protocol,

        @Default("Tunnel") @JsonPropertyDescription("Mode of the SAs that protect the flow: Tunnel, Transport or BEET.")
        SaMode mode,

        @JsonPropertyDescription(
                "Required: packets without an SA are dropped; it is so if not given. Use: packets pass "
                        + "unprotected where there is no SA, and are taken unprotected, which is for the time of a change only.")
        TemplateLevel level,

        @Default("268435457")
        @JsonPropertyDescription("Ties the policy to the SAs with the same reqid, 268435457 to 2147483647.")
        Long reqid,

        @Default("1000")
        @JsonPropertyDescription(
                "Of two policies that select a packet the one with the lower number wins, 1 to 2147483647.")
        Integer priority,

        @Default("true")
        @JsonPropertyDescription(
                "At the destination, a policy for packets that it forwards as well (direction fwd). False for "
                        + "traffic to the node itself alone.")
        Boolean forward,

        @JsonPropertyDescription("Only packets with this mark. It is part of the policy's identity.")
        Mark mark,

        @JsonPropertyDescription(
                "The if_id of the XFRM interface that the policy belongs to, 1 to 4294967295, the same at both "
                        + "ends. Only packets by that interface are selected.")
        Long interfaceId,

        @JsonPropertyDescription(
                "Select ICMP errors too that are about a packet which the selector takes (RFC 4301, section 6): "
                        + "false if not given.")
        Boolean icmpErrors,

        @JsonPropertyDescription(
                "At the source, ask an IKE daemon for an SA for each CPU that sends (RFC 9611): false if not given. "
                        + "Never where none answers: while the kernel waits for the answer it drops what every CPU sends.")
        Boolean perCpuAcquire) {

    public SecurityPolicySpec {
        protocol = protocol == null ? IpsecProtocol.ESP : protocol;
        selector = selector == null ? Selector.betweenTheEnds() : selector;
        forward = forward == null || forward;
    }

    /** A policy for ESP with what every policy has, and no more. */
    public static SecurityPolicySpec esp(
            PolicyEnd source,
            PolicyEnd destination,
            Selector selector,
            PolicyAction action,
            SaMode mode,
            Long reqid,
            Integer priority) {
        return new SecurityPolicySpec(
                source,
                destination,
                selector,
                action,
                IpsecProtocol.ESP,
                mode,
                null,
                reqid,
                priority,
                true,
                null,
                null,
                null,
                null);
    }
}
