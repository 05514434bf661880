package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * One SA (RFC 4301, section 4.1: unidirectional).
 *
 * @param terms its components are fields of the spec itself, which Fabric8 can read by way of the builder only
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonDeserialize(builder = SecurityAssociationSpecBuilder.class)
@RecordBuilder
@RecordBuilder.Options(setterPrefix = "with")
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
        value = "!has(self.sequenceMayWrap) || !self.sequenceMayWrap || !has(self.encryption) || "
                + "!(self.encryption.algorithm in [" + AlgorithmNames.COUNTER + "])",
        message =
                "sequenceMayWrap would use a nonce twice with this encryption.algorithm, which gives its key away: remove it, "
                        + "or take ENCR_AES_CBC with integrity")
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
        value =
                "has(self.selector) == has(oldSelf.selector) && (!has(self.selector) || self.selector == oldSelf.selector)",
        message = "selector cannot change: declare a new SecurityAssociation with a new spi and key")
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

        @JsonPropertyDescription("Algorithm and key for ESP. AES-256-GCM if only the key is named.")
        Encryption encryption,

        @JsonPropertyDescription(
                "Algorithm for integrity: for AH, and for ESP where the one for encryption is no AEAD.")
        Integrity integrity,

        @JsonPropertyDescription(
                "Which packets may use the SA, whatever the policies say; in mode BEET the two inner addresses. "
                        + "Without it, all that the policies send, of either family.")
        Selector selector,

        @JsonUnwrapped SaTerms terms)
        implements SecurityAssociationSpecBuilder.With {

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
