package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;

/** A key pair of a node, by its public half (X25519, RFC 7748). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record KeyGeneration(
        @Required @JsonPropertyDescription("The public value: 32 bytes in base64.") @Size(min = 44, max = 44)
        String publicKey,

        @Required @JsonPropertyDescription("When it was made (RFC 3339).") @Size(max = 32)
        String created,

        @JsonPropertyDescription(
                "Which pre-shared keys go with it; a pair of generations can be used where both have the same.")
        List<PresharedKeyVersion> presharedKeys,

        @JsonPropertyDescription(
                "True if the node has lost the private half, but not its kernel: what goes by it goes on, and nothing new is "
                        + "agreed with it.")
        Boolean lost) {

    public KeyGeneration {
        presharedKeys = presharedKeys == null ? List.of() : List.copyOf(presharedKeys);
    }

    public boolean wasLost() {
        return lost != null && lost;
    }
}
