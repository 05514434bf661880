package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/**
 * A tunnel that a node is in, and what all its nodes agree on. Who the others are is in the {@link TunnelPeers}. It stays in the
 * plan until every pair of the node is off.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PlannedTunnel(
        @Required @JsonPropertyDescription("Name of the Tunnel.")
        String name,

        @Required @JsonPropertyDescription("Uid of the Tunnel.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the Tunnel.")
        Long generation,

        @Required @JsonPropertyDescription("What is protected.")
        TunnelTraffic traffic,

        @Required @JsonPropertyDescription("Algorithm of the SAs: an AEAD.")
        EncryptionAlgorithm algorithm,

        @Required @JsonPropertyDescription("Length of its key in bits, without the salt.")
        Integer keyBits,

        @Required @JsonPropertyDescription("Most SAs with a CPU, for each pair and direction.")
        Integer perCpu,

        @Required @JsonPropertyDescription("How old a key may become, in seconds.")
        Long rekeySeconds,

        @Required @JsonPropertyDescription("How much one SA may encrypt with a key, in bytes.")
        Long rekeyBytes,

        @Required
        @JsonPropertyDescription("Ties policies and SAs of the tunnel together; above those that users may declare.")
        Long reqid,

        @JsonPropertyDescription("Where the pre-shared key is; never the key.")
        KeySecretRef presharedKey,

        @JsonPropertyDescription("Any text. When it changes, new keys are agreed at once.")
        String rekeyRequest)
        implements PlannedEntry {

    /** What somebody wrote who wants new keys; empty if nobody did. */
    public String request() {
        return rekeyRequest == null ? "" : rekeyRequest;
    }

    public Optional<KeySecretRef> presharedKeyRef() {
        return Optional.ofNullable(presharedKey);
    }
}
