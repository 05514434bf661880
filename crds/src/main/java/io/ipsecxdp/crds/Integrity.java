package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** The algorithm by which an SA protects integrity, where the one for encryption does not. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!(self.algorithm in [" + AlgorithmNames.BROKEN_INTEGRITY + "])",
        message =
                "integrity.algorithm rests on MD5 or DES, which are broken, and RFC 8221 (section 6) says MUST NOT: take "
                        + "AUTH_HMAC_SHA2_256_128")
@ValidationRule(
        value = "self.algorithm != 'AUTH_NONE'",
        message = "integrity.algorithm AUTH_NONE lets anybody change packets unseen: take AUTH_HMAC_SHA2_256_128, or "
                + "ENCR_AES_GCM_16 for encryption and no integrity beside it")
@ValidationRule(
        value = "!(self.algorithm in [" + AlgorithmNames.GMAC_INTEGRITY + "])",
        message =
                "integrity.algorithm is GMAC, which Linux has for ESP only and as one algorithm: write protocol: ESP with "
                        + "encryption.algorithm: ENCR_NULL_AUTH_AES_GMAC and no integrity, or take AUTH_AES_CMAC_96")
@ValidationRule(
        value = "!self.algorithm.startsWith('ENCR_')",
        message = "integrity.algorithm is one for encryption: put it into spec.encryption.algorithm")
@ValidationRule(
        value = "self.algorithm in [" + AlgorithmNames.INTEGRITY + "] || self.algorithm in ["
                + AlgorithmNames.BROKEN_INTEGRITY + "] || self.algorithm in [" + AlgorithmNames.GMAC_INTEGRITY
                + "] || self.algorithm == 'AUTH_NONE' || self.algorithm.startsWith('ENCR_')",
        message = "integrity.algorithm must be one of AUTH_HMAC_SHA2_256_128 (take this one), AUTH_HMAC_SHA2_384_192, "
                + "AUTH_HMAC_SHA2_512_256, AUTH_AES_CMAC_96, AUTH_AES_XCBC_96, AUTH_HMAC_SHA1_96: names are those of "
                + "IANA's IKEv2 registry")
public record Integrity(
        @Default("AUTH_HMAC_SHA2_256_128")
        @JsonPropertyDescription(
                "The algorithm, by its name in IANA's registry of IKEv2 transforms, and in brackets the length of "
                        + "its key in bytes: AUTH_HMAC_SHA2_256_128 (32; take this one), AUTH_HMAC_SHA2_384_192 (48), "
                        + "AUTH_HMAC_SHA2_512_256 (64; RFC 4868), AUTH_AES_CMAC_96 (16; RFC 4494), AUTH_AES_XCBC_96 (16; RFC 3566), "
                        + "AUTH_HMAC_SHA1_96 (20; RFC 2404; for peers that have nothing better).")
        @Size(max = 64)
        String algorithm,

        @JsonPropertyDescription(
                "The key, for AH: an entry of a Secret with its raw bytes. For ESP it follows the key for "
                        + "encryption in the entry that spec.encryption.keySecretRef names.")
        KeySecretRef keySecretRef) {

    /** The algorithm; empty if we do not offer it. */
    public Optional<IntegrityAlgorithm> transform() {
        return IntegrityAlgorithm.named(algorithm);
    }

    public Optional<KeySecretRef> key() {
        return Optional.ofNullable(keySecretRef);
    }
}
