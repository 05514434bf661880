package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** A SecurityPolicy for whose packets the node has no SA (RFC 9061: sadb-acquire). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Acquire(
        @Required @JsonPropertyDescription("Name of the SecurityPolicy.")
        String policy,

        @Required @JsonPropertyDescription("Source of the last packet that needed an SA.")
        String source,

        @Required @JsonPropertyDescription("Destination of the last packet that needed an SA.")
        String destination,

        @Required @JsonPropertyDescription("Its next layer protocol: a name, or the number of one without a name.")
        String protocol,

        @Required @JsonPropertyDescription("Reqid of the SAs that the SecurityPolicy asks for.")
        Long reqid,

        @Required
        @JsonPropertyDescription(
                "How often the kernel asked for an SA: while packets come, every net.core.xfrm_acq_expires seconds.")
        Long times,

        @Required @JsonPropertyDescription("When it asked first.")
        String since) {

    /** How many a status lists at most. */
    public static final int MAX_LISTED = 10;
}
