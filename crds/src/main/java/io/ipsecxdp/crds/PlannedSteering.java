package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/** What a node must steer. An interface stands in one of them only. */
public record PlannedSteering(
        @Required @JsonPropertyDescription("Name of the SteeringPolicy.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SteeringPolicy.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the SteeringPolicy.")
        Long generation,

        @Required @JsonPropertyDescription("Interfaces that get the XDP program.")
        List<String> interfaces,

        @Required @JsonPropertyDescription("CPUs that may decrypt, as a list of numbers and ranges.")
        String cpus,

        @Required @JsonPropertyDescription("Packets that may wait for each CPU.")
        Integer queueSize,

        @Required @JsonPropertyDescription("How the XDP program is attached.")
        XdpMode mode) {

    public PlannedSteering {
        interfaces = List.copyOf(interfaces);
    }
}
