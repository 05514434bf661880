package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** An inbound SA whose SPI is a later one of those that the keys yield. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SpiException(
        @Required @JsonPropertyDescription("Uid of the Tunnel.")
        String tunnel,

        @Required @JsonPropertyDescription("Public value of the sender's generation.")
        String sender,

        @Required @JsonPropertyDescription("Public value of this node's generation.")
        String receiver,

        @JsonPropertyDescription("The sender's CPU; absent for the SA without one.")
        Integer cpu,

        @Required @JsonPropertyDescription("Which SPI of those that the keys yield, from 1.")
        Integer attempt) {}
