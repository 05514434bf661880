package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** A node where what was declared is not in force, and why. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record FailingNode(
        @Required @JsonPropertyDescription("Name of the node.")
        String node,

        @Required @JsonPropertyDescription(Described.REASON) String reason,

        @Required @JsonPropertyDescription(Described.MESSAGE)
        String message) {

    /** How many of them a status lists at most; counts tell of the others. */
    public static final int MAX_LISTED = 10;
}
