package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/** What a node must steer. What an operator of an earlier version left out has its default. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PlannedSteering(
        @Required @JsonPropertyDescription("Name of the SteeringPolicy.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SteeringPolicy.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the SteeringPolicy.")
        Long generation,

        @Required
        @JsonPropertyDescription(
                "Interfaces that get the XDP program: names, patterns and 'default route'. The same one stands in one "
                        + "entry of the plan only; of those that lead to the same interface the agent takes one.")
        List<String> interfaces,

        @Required
        @JsonPropertyDescription("CPUs that may decrypt, without the excluded ones, as a list of numbers and ranges.")
        String cpus,

        @Required @JsonPropertyDescription("Packets that may wait for each CPU.")
        Integer queueSize,

        @Required @JsonPropertyDescription("How the XDP program is attached.")
        XdpMode mode,

        @JsonPropertyDescription("Of two that want an interface the one with the lower number gets it.")
        Integer priority,

        @JsonPropertyDescription("Whether the CPUs of the interface's NUMA node are preferred.")
        NumaPreference numa,

        @JsonPropertyDescription("What to do where an offload hides VLAN tags from XDP.")
        VlanOffload vlanOffload) {

    public PlannedSteering {
        interfaces = List.copyOf(interfaces);
        priority = priority == null ? SteeringPolicySpec.DEFAULT_PRIORITY : priority;
        numa = numa == null ? NumaPreference.Any : numa;
        vlanOffload = vlanOffload == null ? VlanOffload.DontSteer : vlanOffload;
    }

    /** All else by default. */
    public PlannedSteering(
            String name,
            String uid,
            Long generation,
            List<String> interfaces,
            String cpus,
            Integer queueSize,
            XdpMode mode) {
        this(name, uid, generation, interfaces, cpus, queueSize, mode, null, null, null);
    }

    /** The same on these interfaces. */
    public PlannedSteering on(List<String> others) {
        return new PlannedSteering(name, uid, generation, others, cpus, queueSize, mode, priority, numa, vlanOffload);
    }
}
