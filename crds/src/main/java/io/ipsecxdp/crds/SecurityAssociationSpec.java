package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/** One SA (RFC 4301, section 4.1: unidirectional). */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "has(self.source.node) || has(self.destination.node)",
        message =
                "no end is a cluster node: name a node in source or destination, else there is nowhere to install the SA")
@ValidationRule(
        value = "!(has(self.source.node) && has(self.destination.node) && self.source.node == self.destination.node)",
        message = "source and destination are the same node: an SA protects traffic between two hosts")
@ValidationRule(
        value = "!(has(self.source.address) && has(self.destination.address) && isIP(self.source.address) && "
                + "isIP(self.destination.address) && ip(self.source.address) == ip(self.destination.address))",
        message = "source and destination have the same address: an SA protects traffic between two hosts")
@ValidationRule(
        value = "!(has(self.source.address) && has(self.destination.address) && isIP(self.source.address) && "
                + "isIP(self.destination.address) && "
                + "ip(self.source.address).family() != ip(self.destination.address).family())",
        message = "one end is IPv4 and the other IPv6: give both ends an address of the same family")
@ValidationRule(
        value = "self.spi >= 256 && self.spi <= 4294967295",
        message = "spi must be 256 to 4294967295: 1 to 255 are reserved and 0 is never sent (RFC 4303, section 2.1)")
@ValidationRule(
        value = "self.reqid >= 268435457 && self.reqid <= 2147483647",
        message =
                "reqid must be 268435457 to 2147483647: those below are left to IKE daemons, those above to the operator")
@ValidationRule(
        value = "self.replayWindow >= 32 && self.replayWindow <= 4096",
        message = "replayWindow must be 32 to 4096 packets (RFC 4303, section 3.4.3, asks for at least 32)")
@ValidationRule(
        value = "self.source == oldSelf.source && self.destination == oldSelf.destination",
        message = "source and destination cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value = "self.spi == oldSelf.spi",
        message = "spi cannot change: declare a new SecurityAssociation with the new spi and a new key")
@ValidationRule(
        value = "self.mode == oldSelf.mode",
        message = "mode cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value = "self.encryption == oldSelf.encryption",
        message = "encryption cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value = "self.reqid == oldSelf.reqid && self.replayWindow == oldSelf.replayWindow && self.esn == oldSelf.esn",
        message = "reqid, replayWindow and esn cannot change: declare a new SecurityAssociation with a new spi and key")
public record SecurityAssociationSpec(
        @Required @JsonPropertyDescription("The end that sends. If it is a node, the SA is installed there outbound.")
        SaEnd source,

        @Required @JsonPropertyDescription("The end that receives. If it is a node, the SA is installed there inbound.")
        SaEnd destination,

        @Required
        @JsonPropertyDescription(
                "Security Parameters Index, 256 to 4294967295. With the destination's address it identifies the "
                        + "SA: no two SAs to one address may have the same. Choose them at random: the kernel's hash of consecutive "
                        + "ones is slow.")
        Long spi,

        @Default("Tunnel")
        @JsonPropertyDescription(
                "Tunnel puts the whole packet into a new one between the ends; Transport protects the payload of "
                        + "packets between the ends themselves.")
        SaMode mode,

        @Required @JsonPropertyDescription("Algorithm and key. The protocol is always ESP.")
        Encryption encryption,

        @Default("268435457")
        @JsonPropertyDescription(
                "Ties the SA to the policies with the same reqid, 268435457 to 2147483647. It is local to each "
                        + "node.")
        Long reqid,

        @Default("4096")
        @JsonPropertyDescription(
                "How many packets one may overtake another before it counts as replayed, 32 to 4096. It is set at "
                        + "the destination. Keep it above the queue size of the SteeringPolicy.")
        Integer replayWindow,

        @Default("true")
        @JsonPropertyDescription("Extended (64 bit) sequence numbers (RFC 4303, section 2.2.1). Both ends must agree.")
        Boolean esn) {}
