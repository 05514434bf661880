package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** A node that got the key of an SA. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record KeyUseOnNode(
        @Required @JsonPropertyDescription("Name of the node.")
        String node,

        @JsonPropertyDescription("Uid of the Node then; absent if it was not known.")
        String nodeUid) {}
