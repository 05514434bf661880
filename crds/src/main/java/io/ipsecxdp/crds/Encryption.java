package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/** The algorithm of an SA, and where its key is. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "self.keyBits in [128, 192, 256]",
        message = "keyBits must be 128, 192 or 256 (RFC 4106, section 8.1)")
public record Encryption(
        @Default("ENCR_AES_GCM_16")
        @JsonPropertyDescription("The algorithm, by its name in IANA's registry of IKEv2 transforms. AES-GCM with an "
                + "integrity check value of 8, 12 or 16 bytes (RFC 4106).")
        EncryptionAlgorithm algorithm,

        @Default("256")
        @JsonPropertyDescription(
                "Length of the key in bits, without the 32 bits of salt that follow it: 128, 192 or 256.")
        Integer keyBits,

        @Required
        @JsonPropertyDescription(
                "The key: bytes of the key and then 4 bytes of salt (RFC 4106, section 8.1), in an entry of a "
                        + "Secret. One entry serves one SA only: the same key for two SAs would use a nonce twice.")
        KeySecretRef keySecretRef) {

    /** What the Secret must hold, in bytes: the key and the salt. */
    public int keyingMaterialBytes() {
        return keyBits / Byte.SIZE + EncryptionAlgorithm.SALT_BYTES;
    }
}
