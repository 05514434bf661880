package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.fabric8.generator.annotation.Required;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * An SA that a node must have. A node is one end of an SA, so its name is unique in the node's plan.
 *
 * @param terms as they were declared; its components are fields of the entry itself, as in {@link SecurityAssociationSpec}
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonDeserialize(builder = PlannedSaBuilder.class)
@RecordBuilder
@RecordBuilder.Options(setterPrefix = "with")
public record PlannedSa(
        @Required @JsonPropertyDescription("Name of the SecurityAssociation.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SecurityAssociation.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the SecurityAssociation.")
        Long generation,

        @Required @JsonPropertyDescription("Out at the source, In at the destination.")
        SaDirection direction,

        @Required @JsonPropertyDescription("Address of the source.")
        String source,

        @Required @JsonPropertyDescription("Address of the destination.")
        String destination,

        @Required @JsonPropertyDescription("Security Parameters Index.")
        Long spi,

        @Required @JsonPropertyDescription("Algorithms, and where the keys are; never the keys.")
        Protection encryption,

        @JsonPropertyDescription("Owner CPU on this node; none if absent.")
        Integer cpu,

        @JsonUnwrapped SaTerms terms,

        @JsonPropertyDescription("Which packets may use the SA; all, of either family, if absent.")
        PlannedSelector selector,

        @JsonPropertyDescription("Device of this node that does the work; the kernel if absent.")
        Offload offload,

        @JsonPropertyDescription("Which of several SAs of one owner; absent if there is one.")
        String child,

        @JsonPropertyDescription("The node at the other end; absent if that is outside the cluster.")
        String peer,

        @JsonPropertyDescription(
                "True if the SA was installed on this node before and the report that said so is gone: its key is not fresh.")
        Boolean keyUsed)
        implements PlannedSaBuilder.With, PlannedEntry {

    public Optional<String> childName() {
        return Optional.ofNullable(child);
    }

    public Optional<String> otherNode() {
        return Optional.ofNullable(peer);
    }

    /** Whether the key is known to have been used on this node. */
    public boolean wasInstalled() {
        return keyUsed != null && keyUsed;
    }

    public Optional<Integer> ownerCpu() {
        return Optional.ofNullable(cpu);
    }

    public Optional<PlannedSelector> selected() {
        return Optional.ofNullable(selector);
    }

    public Optional<Offload> hardware() {
        return Optional.ofNullable(offload);
    }
}
