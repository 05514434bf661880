package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/** The algorithms of a planned SA, and where their keys are. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Protection(
        @JsonPropertyDescription("Algorithm for encryption, or for both; absent for AH.")
        EncryptionAlgorithm algorithm,

        @JsonPropertyDescription("Length of its key in bits, without the salt; absent if it takes none.")
        Integer keyBits,

        @JsonPropertyDescription("Algorithm for integrity; absent if the other one does it.")
        IntegrityAlgorithm integrity,

        @Required @JsonPropertyDescription("Where the keys are; never the keys.")
        KeySecretRef keySecretRef) {

    /** By an AEAD. */
    public static Protection aead(EncryptionAlgorithm algorithm, int keyBits, KeySecretRef key) {
        return new Protection(algorithm, keyBits, null, key);
    }

    public Optional<EncryptionAlgorithm> encryption() {
        return Optional.ofNullable(algorithm);
    }

    public Optional<IntegrityAlgorithm> integrityAlgorithm() {
        return Optional.ofNullable(integrity);
    }

    /** What the entry of the Secret must hold. */
    public KeyLayout layout() {
        return new KeyLayout(
                encryption().isPresent() && keyBits != null ? keyBits / Byte.SIZE : 0,
                encryption().map(EncryptionAlgorithm::saltBytes).orElse(0),
                integrityAlgorithm()
                        .map(IntegrityAlgorithm::keyBits)
                        .map(bits -> bits / Byte.SIZE)
                        .orElse(0));
    }
}
