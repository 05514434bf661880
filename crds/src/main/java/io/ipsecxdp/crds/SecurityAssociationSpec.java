package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

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
        value = "self.replayWindow == 0 || (self.replayWindow >= 32 && self.replayWindow <= 4096)",
        message =
                "replayWindow must be 32 to 4096 packets (RFC 4303, section 3.4.3, asks for at least 32), or 0 for no "
                        + "protection against replays")
@ValidationRule(
        value = "self.replayWindow != 0 || !self.esn",
        message =
                "replayWindow 0 needs esn: false: the receiver finds the upper half of an extended sequence number by the "
                        + "window (RFC 4303, appendix A)")
@ValidationRule(
        value = "self.protocol == 'AH' || has(self.encryption)",
        message = "protocol ESP needs encryption: with keySecretRef alone it is AES-256-GCM; write ENCR_NULL or "
                + "ENCR_NULL_AUTH_AES_GMAC there to encrypt nothing")
@ValidationRule(
        value = "self.protocol == 'ESP' || !has(self.encryption)",
        message = "protocol AH encrypts nothing: remove encryption, or write protocol: ESP")
@ValidationRule(
        value = "self.protocol == 'ESP' || (has(self.integrity) && has(self.integrity.keySecretRef))",
        message = "protocol AH needs integrity with keySecretRef")
@ValidationRule(
        value = "self.protocol == 'AH' || !has(self.integrity) || !has(self.integrity.keySecretRef)",
        message =
                "integrity.keySecretRef is for AH: with ESP the key for integrity follows the key for encryption in the entry "
                        + "that encryption.keySecretRef names")
@ValidationRule(
        value =
                "self.protocol == 'AH' || !has(self.encryption) || !has(self.integrity) || !(self.encryption.algorithm in ["
                        + AlgorithmNames.AEAD + "])",
        message =
                "encryption.algorithm protects integrity itself (it is an AEAD): remove integrity, or take ENCR_AES_CBC or "
                        + "ENCR_AES_CTR beside it")
@ValidationRule(
        value =
                "self.protocol == 'AH' || !has(self.encryption) || has(self.integrity) || !(self.encryption.algorithm in ["
                        + AlgorithmNames.WITH_INTEGRITY + "])",
        message =
                "encryption.algorithm protects nothing against change: add integrity, for instance AUTH_HMAC_SHA2_256_128, or "
                        + "take ENCR_AES_GCM_16")
@ValidationRule(
        value = "self.protocol == 'ESP' || self.mode != 'BEET'",
        message = "mode BEET is for ESP: AH has none, take Tunnel or Transport")
@ValidationRule(
        value =
                "self.mode != 'BEET' || (has(self.selector) && has(self.selector.source) && has(self.selector.destination) && "
                        + "isCIDR(self.selector.source) && isCIDR(self.selector.destination) && "
                        + "cidr(self.selector.source).prefixLength() == (cidr(self.selector.source).ip().family() == 4 ? 32 : 128) && "
                        + "cidr(self.selector.destination).prefixLength() == (cidr(self.selector.destination).ip().family() == 4 ? 32 : 128))",
        message =
                "mode BEET needs selector.source and selector.destination with the two inner addresses, as 10.9.0.1/32 or "
                        + "fd09::1/128")
@ValidationRule(
        value = "!has(self.selector) || (has(self.selector.source) && has(self.selector.destination))",
        message =
                "the selector of an SA needs source and destination; remove selector to let the policies alone decide")
@ValidationRule(
        value = "!has(self.udpEncapsulation) || self.protocol == 'ESP'",
        message = "udpEncapsulation is for ESP: AH cannot pass a NAT (RFC 3715, section 2.1)")
@ValidationRule(
        value = "!has(self.udpEncapsulation) || !has(self.udpEncapsulation.originalAddress) || self.mode != 'Tunnel'",
        message =
                "udpEncapsulation.originalAddress is for Transport and BEET: in mode Tunnel the NAT does not see the packet inside")
@ValidationRule(
        value = "!has(self.interfaceId) || (self.interfaceId >= 1 && self.interfaceId <= 4294967295)",
        message = "interfaceId must be 1 to 4294967295, as the if_id of an XFRM interface; leave it out for none")
@ValidationRule(
        value = "!has(self.tunnelHeader) || self.mode == 'Tunnel'",
        message =
                "tunnelHeader is about the outer header, which only mode Tunnel makes: remove it, or write mode: Tunnel")
@ValidationRule(
        value = "!has(self.tfcPadding) || (self.tfcPadding >= 1 && self.tfcPadding <= 65535)",
        message = "tfcPadding must be 1 to 65535 bytes; leave it out for none")
@ValidationRule(
        value = "!has(self.tfcPadding) || (self.mode == 'Tunnel' && self.protocol == 'ESP')",
        message =
                "tfcPadding needs protocol ESP and mode Tunnel: elsewhere the receiver cannot tell the padding from the packet "
                        + "(RFC 4303, section 2.7)")
@ValidationRule(
        value = "!has(self.sequenceMayWrap) || !self.sequenceMayWrap || !self.esn",
        message = "sequenceMayWrap needs esn: false: an extended sequence number never comes to its end")
@ValidationRule(
        value = "!has(self.sequenceMayWrap) || !self.sequenceMayWrap || !has(self.encryption) || "
                + "!(self.encryption.algorithm in [" + AlgorithmNames.COUNTER + "])",
        message =
                "sequenceMayWrap would use a nonce twice with this encryption.algorithm, which gives its key away: remove it, "
                        + "or take ENCR_AES_CBC with integrity")
@ValidationRule(
        value = "!has(self.sequenceMayWrap) || !self.sequenceMayWrap || self.replayWindow == 0",
        message = "sequenceMayWrap needs replayWindow: 0: the receiver takes numbers that begin anew for replays")
@ValidationRule(
        value = "self.protocol == 'ESP' || !(has(self.source.offload) || has(self.destination.offload))",
        message = "offload is for ESP: Linux has none for AH")
@ValidationRule(
        value = "self.mode != 'BEET' || !(has(self.source.offload) || has(self.destination.offload))",
        message = "offload is for modes Tunnel and Transport: no device does BEET")
@ValidationRule(
        value = "!has(self.tfcPadding) || !(has(self.source.offload) || has(self.destination.offload))",
        message = "offload and tfcPadding do not go together: no device pads, so remove one of them")
@ValidationRule(
        value =
                "!has(self.udpEncapsulation) || !((has(self.source.offload) && self.source.offload.type == 'Crypto') || "
                        + "(has(self.destination.offload) && self.destination.offload.type == 'Crypto'))",
        message =
                "offload of type Crypto and udpEncapsulation do not go together: take type Packet, or remove one of them")
@ValidationRule(
        value = "self.source == oldSelf.source && self.destination == oldSelf.destination",
        message = "source and destination cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value = "self.spi == oldSelf.spi",
        message = "spi cannot change: declare a new SecurityAssociation with the new spi and a new key")
@ValidationRule(
        value = "self.mode == oldSelf.mode && self.protocol == oldSelf.protocol",
        message = "mode and protocol cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value = "has(self.encryption) == has(oldSelf.encryption) && (!has(self.encryption) || "
                + "(self.encryption.algorithm == oldSelf.encryption.algorithm && "
                + "self.encryption.keySecretRef == oldSelf.encryption.keySecretRef && "
                + "(has(self.encryption.keyBits) ? self.encryption.keyBits : 256) == "
                + "(has(oldSelf.encryption.keyBits) ? oldSelf.encryption.keyBits : 256)))",
        message = "encryption cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value =
                "has(self.integrity) == has(oldSelf.integrity) && (!has(self.integrity) || self.integrity == oldSelf.integrity)",
        message = "integrity cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value = "self.reqid == oldSelf.reqid && self.replayWindow == oldSelf.replayWindow && self.esn == oldSelf.esn",
        message = "reqid, replayWindow and esn cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value =
                "has(self.udpEncapsulation) == has(oldSelf.udpEncapsulation) && (!has(self.udpEncapsulation) || self.udpEncapsulation == oldSelf.udpEncapsulation)",
        message = "udpEncapsulation cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value =
                "has(self.mark) == has(oldSelf.mark) && (!has(self.mark) || self.mark == oldSelf.mark) && "
                        + "has(self.outputMark) == has(oldSelf.outputMark) && (!has(self.outputMark) || self.outputMark == oldSelf.outputMark) && "
                        + "has(self.interfaceId) == has(oldSelf.interfaceId) && (!has(self.interfaceId) || self.interfaceId == oldSelf.interfaceId)",
        message =
                "mark, outputMark and interfaceId cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value =
                "has(self.selector) == has(oldSelf.selector) && (!has(self.selector) || self.selector == oldSelf.selector)",
        message = "selector cannot change: declare a new SecurityAssociation with a new spi and key")
@ValidationRule(
        value =
                "has(self.tunnelHeader) == has(oldSelf.tunnelHeader) && (!has(self.tunnelHeader) || self.tunnelHeader == oldSelf.tunnelHeader) && "
                        + "has(self.icmpErrors) == has(oldSelf.icmpErrors) && (!has(self.icmpErrors) || self.icmpErrors == oldSelf.icmpErrors) && "
                        + "has(self.sequenceMayWrap) == has(oldSelf.sequenceMayWrap) && (!has(self.sequenceMayWrap) || self.sequenceMayWrap == oldSelf.sequenceMayWrap) && "
                        + "has(self.tfcPadding) == has(oldSelf.tfcPadding) && (!has(self.tfcPadding) || self.tfcPadding == oldSelf.tfcPadding)",
        message =
                "tunnelHeader, icmpErrors, sequenceMayWrap and tfcPadding cannot change: declare a new SecurityAssociation "
                        + "with a new spi and key")
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

        @Default("ESP")
        @JsonPropertyDescription("ESP (RFC 4303), or AH (RFC 4302), which hides nothing and cannot pass a NAT.")
        IpsecProtocol protocol,

        @Default("Tunnel")
        @JsonPropertyDescription(
                "Tunnel puts the whole packet into a new one between the ends; Transport protects the payload of "
                        + "packets between the ends themselves; BEET is a tunnel "
                        + "between two fixed inner addresses, which the selector names, without a second header in the packet.")
        SaMode mode,

        @JsonPropertyDescription("Algorithm and key for ESP. AES-256-GCM if only the key is named.")
        Encryption encryption,

        @JsonPropertyDescription(
                "Algorithm for integrity: for AH, and for ESP where the one for encryption is no AEAD.")
        Integrity integrity,

        @Default("268435457")
        @JsonPropertyDescription(
                "Ties the SA to the policies with the same reqid, 268435457 to 2147483647. It is local to each "
                        + "node.")
        Long reqid,

        @Default("4096")
        @JsonPropertyDescription(
                "How many packets one may overtake another before it counts as replayed, 32 to 4096, or 0 for no protection "
                        + "against replays (only without esn). It is set at the destination. Packets overtake each other in "
                        + "the queues to the CPUs, so keep it above the queue size of the SteeringPolicy (2048); 4096, the "
                        + "kernel's most, is 5 ms of full packets at 10 Gbit/s.")
        Integer replayWindow,

        @Default("true")
        @JsonPropertyDescription("Extended (64 bit) sequence numbers (RFC 4303, section 2.2.1). Both ends must agree.")
        Boolean esn,

        @JsonPropertyDescription(
                "When the SA ends, and when the kernel warns of it; without it never. The only part of an SA "
                        + "that may change: counters and sequence numbers go on.")
        Lifetimes lifetime,

        @JsonPropertyDescription("ESP in UDP, to pass a NAT (RFC 3948).")
        UdpEncapsulation udpEncapsulation,

        @JsonPropertyDescription("Only packets with this mark use the SA. It is part of the SA's identity.")
        Mark mark,

        @JsonPropertyDescription(
                "The mark that packets get from the SA: the protected ones at the source, the plain ones at the "
                        + "destination.")
        Mark outputMark,

        @JsonPropertyDescription(
                "The if_id of the XFRM interface that the SA belongs to, 1 to 4294967295, the same at both ends.")
        Long interfaceId,

        @JsonPropertyDescription(
                "Which packets may use the SA, whatever the policies say; in mode BEET the two inner addresses. "
                        + "Without it, all that the policies send, of either family.")
        Selector selector,

        @JsonPropertyDescription("What the outer header takes from the inner one, and gives back; in mode Tunnel.")
        TunnelHeader tunnelHeader,

        @JsonPropertyDescription(
                "At the destination, take ICMP errors that come through the SA if the packet that they are about "
                        + "fits the policies (RFC 4301, section 6): false if not given.")
        Boolean icmpErrors,

        @JsonPropertyDescription(
                "At the source, go on when the 32 bit sequence number comes to its end: false if not given. Only "
                        + "without esn, without replay protection, and with an algorithm that has no counter for a nonce.")
        Boolean sequenceMayWrap,

        @JsonPropertyDescription(
                "At the source, pad packets to this many bytes, 1 to 65535 but never above the path's MTU, against "
                        + "who watches their lengths (RFC 4303, section 2.7); in mode Tunnel. Linux leaves it out where the module "
                        + "esp4_offload or esp6_offload is loaded.")
        Integer tfcPadding) {

    public SecurityAssociationSpec {
        protocol = protocol == null ? IpsecProtocol.ESP : protocol;
    }

    /** An SA by ESP with what every SA has, and no more. */
    public static SecurityAssociationSpec esp(
            SaEnd source,
            SaEnd destination,
            Long spi,
            SaMode mode,
            Encryption encryption,
            Long reqid,
            Integer replayWindow,
            Boolean esn) {
        return new SecurityAssociationSpec(
                source,
                destination,
                spi,
                IpsecProtocol.ESP,
                mode,
                encryption,
                null,
                reqid,
                replayWindow,
                esn,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    public Optional<Encryption> encrypted() {
        return Optional.ofNullable(encryption);
    }

    public Optional<Integrity> authenticated() {
        return Optional.ofNullable(integrity);
    }

    /** Where the key is; empty if an object that no rule has seen says it nowhere. */
    public Optional<KeySecretRef> key() {
        return encrypted()
                .map(Encryption::keySecretRef)
                .or(() -> authenticated().flatMap(Integrity::key));
    }

    public Optional<Selector> selected() {
        return Optional.ofNullable(selector);
    }
}
