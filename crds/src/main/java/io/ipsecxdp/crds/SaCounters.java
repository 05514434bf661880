package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** Counters of an SA, from the kernel. */
public record SaCounters(
        @Required @JsonPropertyDescription("Name of the SecurityAssociation.")
        String name,

        @Required @JsonPropertyDescription("Packets that the kernel sent or received with it.")
        Long packets,

        @Required @JsonPropertyDescription("Bytes that the kernel sent or received with it.")
        Long bytes) {}
