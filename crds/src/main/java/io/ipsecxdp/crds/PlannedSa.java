package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/** An SA that a node must have. A node is one end of an SA, so its name is unique in the node's plan. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlannedSa(
        @Required @JsonPropertyDescription("Name of the SecurityAssociation.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SecurityAssociation.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the SecurityAssociation.")
        Long generation,

        @Required @JsonPropertyDescription("Out at the source, In at the destination.")
        SaDirection direction,

        @Required @JsonPropertyDescription("Address of the source.")
        String source,

        @Required @JsonPropertyDescription("Address of the destination.")
        String destination,

        @Required @JsonPropertyDescription("Security Parameters Index.")
        Long spi,

        @Required @JsonPropertyDescription("Tunnel or Transport.")
        SaMode mode,

        @Required @JsonPropertyDescription("Algorithm, and where the key is; never the key.")
        Encryption encryption,

        @Required @JsonPropertyDescription("Ties the SA to policies.")
        Long reqid,

        @Required @JsonPropertyDescription("Replay window in packets, for direction In.")
        Integer replayWindow,

        @Required @JsonPropertyDescription("Extended sequence numbers.")
        Boolean esn,

        @JsonPropertyDescription("Owner CPU on this node; none if absent.")
        Integer cpu) {

    public Optional<Integer> ownerCpu() {
        return Optional.ofNullable(cpu);
    }
}
