package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** What one CPU got of an interface's IPsec packets. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record CpuTraffic(
        @Required @JsonPropertyDescription("Number of the CPU.")
        Integer cpu,

        @Required @JsonPropertyDescription("Packets that its queue took.")
        Long packets,

        @Required @JsonPropertyDescription("Packets that were lost because its queue was full, or behind it.")
        Long dropped) {}
