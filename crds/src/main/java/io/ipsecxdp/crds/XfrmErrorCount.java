package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** Packets that the kernel's IPsec refused for one reason. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record XfrmErrorCount(
        @Required
        @JsonPropertyDescription(
                "The kernel's name for the reason, as in /proc/net/xfrm_stat (Documentation/networking/xfrm_proc.rst).")
        String counter,

        @Required @JsonPropertyDescription("Packets since the node's network namespace was made.")
        Long packets) {}
