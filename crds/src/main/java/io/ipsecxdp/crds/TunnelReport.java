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

        @Required @JsonPropertyDescription("Generation that this is about.")
        Long generation,

        @Required @JsonPropertyDescription("Installed, Pending or Failed.")
        EntryState state,

        @Required @JsonPropertyDescription("Why, in one CamelCase word.")
        String reason,

        @Required @JsonPropertyDescription("Why, and what to do about it.")
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
