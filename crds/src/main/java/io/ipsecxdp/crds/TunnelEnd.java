package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.LabelSelector;

/** The nodes of one end of a tunnel. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TunnelEnd(
        @Required @JsonPropertyDescription("Which nodes, by their labels. Empty, all nodes.")
        LabelSelector nodeSelector) {}
