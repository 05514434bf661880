package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** What a node does of a planned steering, for one interface. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SteeringReport(
        @Required @JsonPropertyDescription("Name of the SteeringPolicy.")
        String name,

        @Required @JsonPropertyDescription("The interface.") String interfaceName,

        @Required @JsonPropertyDescription("Uid of the SteeringPolicy.")
        String uid,

        @Required @JsonPropertyDescription(Described.REPORTED_GENERATION)
        Long generation,

        @Required @JsonPropertyDescription(Described.STATE) EntryState state,

        @Required @JsonPropertyDescription(Described.REASON) String reason,

        @Required @JsonPropertyDescription("Why, and what to do about it. Also says so where native mode was refused.")
        String message,

        @JsonPropertyDescription("How the XDP program is attached: Native or Generic.")
        XdpMode mode) {}
