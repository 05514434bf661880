package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** Which pre-shared key of a tunnel a node had, without a word about the key. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PresharedKeyVersion(
        @Required @JsonPropertyDescription("Uid of the Tunnel.")
        String tunnel,

        @Required @JsonPropertyDescription("The resourceVersion of the Secret.")
        String version) {}
