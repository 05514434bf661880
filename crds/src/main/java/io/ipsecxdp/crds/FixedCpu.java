package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** The CPU of the SAs with one SPI. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record FixedCpu(
        @Required @JsonPropertyDescription("SPI of the SA, 256 to 4294967295.")
        Long spi,

        @Required @JsonPropertyDescription("Number of the CPU.")
        Integer cpu) {}
