package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** What a node has of a tunnel. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TunnelReport(
        @Required @JsonPropertyDescription("Name of the Tunnel.")
        String name,

        @Required @JsonPropertyDescription("Uid of the Tunnel.")
        String uid,

        @Required @JsonPropertyDescription(Described.REPORTED_GENERATION)
        Long generation,

        @Required @JsonPropertyDescription(Described.STATE) EntryState state,

        @Required @JsonPropertyDescription(Described.REASON) String reason,

        @Required @JsonPropertyDescription(Described.MESSAGE)
        String message,

        @Required @JsonPropertyDescription("Pairs that the node is to have.")
        Integer wantedPairs,

        @Required
        @JsonPropertyDescription("Pairs in force here: the node sends protected, and requires it of the other.")
        Integer pairs,

        @JsonPropertyDescription("When the oldest key in use was made (RFC 3339).")
        String oldestKey,

        @JsonPropertyDescription("The largest packet that passes every pair of this node in one piece, in bytes.")
        Integer mtu) {}
