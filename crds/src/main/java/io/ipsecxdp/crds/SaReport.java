package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/** What a node has of a planned SA. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SaReport(
        @Required @JsonPropertyDescription("Name of the SecurityAssociation.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SecurityAssociation.")
        String uid,

        @Required @JsonPropertyDescription(Described.REPORTED_GENERATION)
        Long generation,

        @Required @JsonPropertyDescription(Described.STATE) EntryState state,

        @Required @JsonPropertyDescription(Described.REASON) String reason,

        @Required @JsonPropertyDescription(Described.MESSAGE)
        String message,

        @JsonPropertyDescription(
                "True once the SA was installed here under this uid: its key is used, and it and the state of "
                        + "the kernel are ours.")
        Boolean keyUsed,

        @JsonPropertyDescription("Which of several SAs of one owner this is about; absent if there is one.")
        String child,

        @JsonPropertyDescription("Security Parameters Index that this is about.")
        Long spi,

        @JsonPropertyDescription("Address of the source that this is about.")
        String source,

        @JsonPropertyDescription("Address of the destination that this is about.")
        String destination,

        @JsonPropertyDescription(
                "Fingerprint of encryption key and salt under a secret of the agents: equal keys have equal ones, on all "
                        + "nodes of the cluster. Absent as long as the agent has not read the key.")
        String keyFingerprint) {

    public Optional<String> childName() {
        return Optional.ofNullable(child);
    }

    /** Whether the SA was installed here once. */
    public boolean wasInstalled() {
        return keyUsed != null && keyUsed;
    }
}
