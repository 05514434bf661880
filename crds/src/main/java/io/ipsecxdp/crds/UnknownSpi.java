package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** Somebody who sends packets that belong to no SA of the node. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record UnknownSpi(
        @Required @JsonPropertyDescription("Where they come from: an address that anybody can forge.")
        String source,

        @Required @JsonPropertyDescription("Where they go.") String destination,

        @Required @JsonPropertyDescription("The SPI in them.")
        Long spi,

        @Required @JsonPropertyDescription("How many were seen on this interface; in a flood, an estimate by samples.")
        Long packets,

        @Required @JsonPropertyDescription("Interface on which they came.")
        String interfaceName) {

    /** How many a status lists at most. */
    public static final int MAX_LISTED = 10;
}
