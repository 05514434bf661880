package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import java.util.Optional;

/** A condition, as Kubernetes' API conventions define it ({@code metav1.Condition}). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Condition(
        @Required @JsonPropertyDescription("Ready, Reconciling, Stalled or Degraded.")
        String type,

        @Required @JsonPropertyDescription("Whether the condition holds.")
        Status status,

        @JsonPropertyDescription("Generation of the object that this was observed for.")
        Long observedGeneration,

        @Required @JsonPropertyDescription("When status last changed (RFC 3339).")
        String lastTransitionTime,

        @Required @JsonPropertyDescription("Why, in one CamelCase word, for programs.")
        String reason,

        @Required @JsonPropertyDescription("Why, and what to do about it, for people.")
        String message) {

    public static final String READY = "Ready";
    /** Not in force, and it comes by itself. */
    public static final String RECONCILING = "Reconciling";
    /** Not in force until a person does something. */
    public static final String STALLED = "Stalled";

    public static final String DEGRADED = "Degraded";

    /** The one of this type, if it is among them. */
    public static Optional<Condition> of(String type, List<Condition> conditions) {
        return conditions.stream()
                .filter(condition -> condition.type().equals(type))
                .findFirst();
    }

    /** Value of a condition. */
    public enum Status {
        True,
        False,
        Unknown
    }
}
