package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The algorithm of a tunnel's SAs. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "self.algorithm in [" + AlgorithmNames.AEAD + "]",
        message = "encryption.algorithm of a Tunnel must be an AEAD: ENCR_AES_GCM_16 (take this one), ENCR_AES_GCM_12, "
                + "ENCR_AES_GCM_8, ENCR_AES_CCM_16, ENCR_AES_CCM_12, ENCR_AES_CCM_8, ENCR_CHACHA20_POLY1305 or "
                + "ENCR_NULL_AUTH_AES_GMAC, which hides nothing")
@ValidationRule(
        value = "self.keyBits in [128, 192, 256]",
        message = "encryption.keyBits must be 128, 192 or 256: AES has no other keys, and the salt is not counted")
@ValidationRule(
        value = "self.algorithm != 'ENCR_CHACHA20_POLY1305' || self.keyBits == 256",
        message = "encryption.keyBits must be 256 for ENCR_CHACHA20_POLY1305 (RFC 7634), or left out")
public record TunnelEncryption(
        @Default("ENCR_AES_GCM_16")
        @JsonPropertyDescription(
                "An AEAD, by its name in IANA's registry of IKEv2 transforms: ENCR_AES_GCM_16 (take this one), "
                        + "ENCR_AES_GCM_12, ENCR_AES_GCM_8, ENCR_AES_CCM_16, ENCR_AES_CCM_12, ENCR_AES_CCM_8, "
                        + "ENCR_CHACHA20_POLY1305 or ENCR_NULL_AUTH_AES_GMAC (hides nothing).")
        @Size(max = 64)
        String algorithm,

        @Default("256") @JsonPropertyDescription("Length of the key in bits, without the salt: 128, 192 or 256.")
        Integer keyBits) {

    public TunnelEncryption {
        algorithm = algorithm == null ? EncryptionAlgorithm.ENCR_AES_GCM_16.name() : algorithm;
        keyBits = keyBits == null ? EncryptionAlgorithm.DEFAULT_KEY_BITS : keyBits;
    }
}
