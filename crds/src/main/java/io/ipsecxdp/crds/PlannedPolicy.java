package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/** A policy that a node must have in its SPD. Name and direction are unique in the node's plan. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlannedPolicy(
        @Required @JsonPropertyDescription("Name of the SecurityPolicy.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SecurityPolicy.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the SecurityPolicy.")
        Long generation,

        @Required @JsonPropertyDescription("Out at the source, In and Forward at the destination.")
        PolicyDirection direction,

        @Required @JsonPropertyDescription("Prefix of the packets' source.")
        String selectorSource,

        @Required @JsonPropertyDescription("Prefix of the packets' destination.")
        String selectorDestination,

        @Required @JsonPropertyDescription("Next layer protocol.")
        UpperProtocol protocol,

        @JsonPropertyDescription("Source port; any if absent.")
        Integer sourcePort,

        @JsonPropertyDescription("Destination port; any if absent.")
        Integer destinationPort,

        @Required @JsonPropertyDescription("Protect, Bypass or Discard.")
        PolicyAction action,

        @Required @JsonPropertyDescription("Of two policies that select a packet the lower number wins.")
        Integer priority,

        @JsonPropertyDescription("What protects the flow; present exactly if the action is Protect.")
        Template template) {

    public Optional<Integer> fromPort() {
        return Optional.ofNullable(sourcePort);
    }

    public Optional<Integer> toPort() {
        return Optional.ofNullable(destinationPort);
    }

    public Optional<Template> protection() {
        return Optional.ofNullable(template);
    }

    /** Which SAs protect the flow (the kernel's {@code struct xfrm_user_tmpl}). */
    public record Template(
            @Required @JsonPropertyDescription("Mode of the SAs.")
            SaMode mode,

            @Required @JsonPropertyDescription("Address of the SAs' source.")
            String source,

            @Required @JsonPropertyDescription("Address of the SAs' destination.")
            String destination,

            @Required @JsonPropertyDescription("Reqid of the SAs.")
            Long reqid) {}
}
