package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** What a node has of a planned policy. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PolicyReport(
        @Required @JsonPropertyDescription("Name of the SecurityPolicy.")
        String name,

        @Required @JsonPropertyDescription("Out, In or Forward.")
        PolicyDirection direction,

        @Required @JsonPropertyDescription("Uid of the SecurityPolicy.")
        String uid,

        @Required @JsonPropertyDescription("Generation that this is about.")
        Long generation,

        @Required @JsonPropertyDescription("Installed, Pending or Failed.")
        EntryState state,

        @Required @JsonPropertyDescription("Why, in one CamelCase word.")
        String reason,

        @Required @JsonPropertyDescription("Why, and what to do about it.")
        String message) {}
