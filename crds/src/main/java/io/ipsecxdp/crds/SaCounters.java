package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** Counters of an SA, from the kernel. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SaCounters(
        @Required @JsonPropertyDescription("Name of the SecurityAssociation.")
        String name,

        @JsonPropertyDescription("Which of several SAs of one owner; absent if there is one.")
        String child,

        @Required @JsonPropertyDescription("Packets that the kernel sent or received with it.")
        Long packets,

        @Required @JsonPropertyDescription("Bytes that the kernel sent or received with it.")
        Long bytes,

        @JsonPropertyDescription(
                "Sequence number of the last packet sent, or the highest received; absent before the first.")
        Long lastSequence,

        @JsonPropertyDescription("Packets refused because they were older than the replay window; absent if none.")
        Long outsideWindow,

        @JsonPropertyDescription("Packets refused because they were received before; absent if none.")
        Long replayed,

        @JsonPropertyDescription("Packets refused because they were not authentic; absent if none.")
        Long notAuthentic) {}
