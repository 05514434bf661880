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

        @Required @JsonPropertyDescription(Described.REPORTED_GENERATION)
        Long generation,

        @Required @JsonPropertyDescription(Described.STATE) EntryState state,

        @Required @JsonPropertyDescription(Described.REASON) String reason,

        @Required @JsonPropertyDescription(Described.MESSAGE)
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
