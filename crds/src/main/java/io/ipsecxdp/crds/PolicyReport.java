package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/** What a node has of a planned policy. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PolicyReport(
        @Required @JsonPropertyDescription("Name of the SecurityPolicy.")
        String name,

        @Required @JsonPropertyDescription("Out, In or Forward.")
        PolicyDirection direction,

        @Required @JsonPropertyDescription("Uid of the SecurityPolicy.")
        String uid,

        @Required @JsonPropertyDescription("Generation that this is about.")
        Long generation,

        @Required @JsonPropertyDescription("Installed, Pending or Failed.")
        EntryState state,

        @Required @JsonPropertyDescription("Why, in one CamelCase word.")
        String reason,

        @Required @JsonPropertyDescription("Why, and what to do about it.")
        String message,

        @JsonPropertyDescription(
                "Which of several policies of one owner and direction this is about; absent if there is one.")
        String child,

        @JsonPropertyDescription("Prefix of the packets' source that this is about.")
        String selectorSource,

        @JsonPropertyDescription("Prefix of the packets' destination that this is about.")
        String selectorDestination,

        @JsonPropertyDescription("The template that this is about, with its level; absent if the policy has none.")
        PlannedPolicy.Template template,

        @JsonPropertyDescription("The template of the version before, if that is taken as well.")
        PlannedPolicy.Template former) {

    public Optional<String> childName() {
        return Optional.ofNullable(child);
    }
}
