package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** Packets with one outcome of the XDP program, on all interfaces of a node. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record OutcomeCount(
        @Required @JsonPropertyDescription("Name of the outcome.")
        String outcome,

        @Required @JsonPropertyDescription("Packets since the program was first attached.")
        Long packets) {}
