package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** The algorithm of an SA, and where its key is. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!(self.algorithm in [" + AlgorithmNames.BROKEN_ENCRYPTION + "])",
        message = "encryption.algorithm is broken or was never examined, and RFC 8221 (section 5) says MUST NOT: take "
                + "ENCR_AES_GCM_16")
@ValidationRule(
        value = "self.algorithm != 'ENCR_3DES'",
        message = "encryption.algorithm ENCR_3DES has blocks of 64 bits, which give plain text away after some GiB "
                + "(Sweet32, CVE-2016-2183), and RFC 8221 says SHOULD NOT: take ENCR_AES_GCM_16")
@ValidationRule(
        value = "!(self.algorithm in [" + AlgorithmNames.IMPLICIT_IV + "])",
        message =
                "encryption.algorithm has an implicit IV (RFC 8750), which Linux cannot do: take the one without _IIV")
@ValidationRule(
        value = "!self.algorithm.startsWith('AUTH_')",
        message =
                "encryption.algorithm is one for integrity: put it into spec.integrity.algorithm, beside ENCR_AES_CBC, "
                        + "ENCR_AES_CTR or ENCR_NULL here")
@ValidationRule(
        value = "self.algorithm in [" + AlgorithmNames.ENCRYPTION + "] || self.algorithm in ["
                + AlgorithmNames.BROKEN_ENCRYPTION + "] || self.algorithm in [" + AlgorithmNames.IMPLICIT_IV
                + "] || self.algorithm == 'ENCR_3DES' || self.algorithm.startsWith('AUTH_')",
        message =
                "encryption.algorithm must be one of ENCR_AES_GCM_16 (take this one), ENCR_AES_GCM_12, ENCR_AES_GCM_8, "
                        + "ENCR_AES_CCM_16, ENCR_AES_CCM_12, ENCR_AES_CCM_8, ENCR_CHACHA20_POLY1305, "
                        + "ENCR_NULL_AUTH_AES_GMAC or, with spec.integrity, ENCR_AES_CBC, ENCR_AES_CTR, ENCR_NULL: names are "
                        + "those of IANA's IKEv2 registry")
@ValidationRule(
        value = "!has(self.keyBits) || self.algorithm == 'ENCR_CHACHA20_POLY1305' || self.algorithm == 'ENCR_NULL' || "
                + "self.keyBits in [128, 192, 256]",
        message = "encryption.keyBits must be 128, 192 or 256: AES has no other keys, and the salt is not counted")
@ValidationRule(
        value = "!has(self.keyBits) || self.algorithm != 'ENCR_CHACHA20_POLY1305' || self.keyBits == 256",
        message = "encryption.keyBits must be 256 for ENCR_CHACHA20_POLY1305 (RFC 7634), or left out")
@ValidationRule(
        value = "!has(self.keyBits) || self.algorithm != 'ENCR_NULL'",
        message = "encryption.keyBits must be left out: ENCR_NULL takes no key")
public record Encryption(
        @Default("ENCR_AES_GCM_16")
        @JsonPropertyDescription("The algorithm, by its name in IANA's registry of IKEv2 transforms. "
                + "AEADs, which protect integrity too: ENCR_AES_GCM_16 (take this one), ENCR_AES_GCM_12, ENCR_AES_GCM_8 (RFC 4106), "
                + "ENCR_AES_CCM_16, ENCR_AES_CCM_12, ENCR_AES_CCM_8 (RFC 4309), ENCR_CHACHA20_POLY1305 (RFC 7634), "
                + "ENCR_NULL_AUTH_AES_GMAC (RFC 4543; hides nothing). With spec.integrity beside them: ENCR_AES_CBC (RFC 3602), "
                + "ENCR_AES_CTR (RFC 3686), ENCR_NULL (RFC 2410; hides nothing).")
        @Size(max = 64)
        String algorithm,

        @JsonPropertyDescription("Length of the key in bits, without the salt: 128, 192 or 256. 256 if not given; "
                + "ENCR_CHACHA20_POLY1305 has no other, ENCR_NULL none.")
        Integer keyBits,

        @Required
        @JsonPropertyDescription(
                "The key: an entry of a Secret with the raw bytes of the encryption key, then of its salt (4 bytes; 3 for "
                        + "ENCR_AES_CCM; none for ENCR_AES_CBC and ENCR_NULL), then of the key of spec.integrity if there is "
                        + "one: the order of RFC 4301, section 4.5.2. One entry serves one SA only: the same key for two "
                        + "SAs would use a nonce twice.")
        KeySecretRef keySecretRef) {

    /** The algorithm; empty if we do not offer it. */
    public Optional<EncryptionAlgorithm> transform() {
        return EncryptionAlgorithm.named(algorithm);
    }

    public Optional<Integer> declaredKeyBits() {
        return Optional.ofNullable(keyBits);
    }
}
