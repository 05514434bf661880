package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** The SA that has, or had, a key first. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record KeyHolder(
        @Required @JsonPropertyDescription("Name of the SecurityAssociation.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SecurityAssociation.")
        String uid) {}
