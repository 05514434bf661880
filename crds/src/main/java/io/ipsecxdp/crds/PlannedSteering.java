package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import java.util.OptionalInt;

/** What a node must steer. What an operator of an earlier version left out has its default. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
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
        VlanOffload vlanOffload,

        @JsonPropertyDescription("How the CPU of an SA is found.")
        CpuAssignment assignment,

        @JsonPropertyDescription("CPUs of single SPIs.") List<FixedCpu> fixed,

        @JsonPropertyDescription("What becomes of packets that belong to no SA.")
        UnknownSpiAction unknownSPI,

        @JsonPropertyDescription("For so many seconds unknown SPIs are counted before they are dropped.")
        Integer learningSeconds,

        @JsonPropertyDescription("UDP ports on which ESP in UDP is received.")
        List<Integer> udpPorts,

        @JsonPropertyDescription("The mark with which SAs are looked up.")
        Long mark,

        @JsonPropertyDescription("The network namespace of the SAs, if it is not that of the interface.")
        Integer netnsId)
        implements PlannedEntry {

    public PlannedSteering {
        interfaces = List.copyOf(interfaces);
        priority = priority == null ? SteeringPolicySpec.DEFAULT_PRIORITY : priority;
        numa = numa == null ? NumaPreference.Any : numa;
        vlanOffload = vlanOffload == null ? VlanOffload.DontSteer : vlanOffload;
        assignment = assignment == null ? CpuAssignment.Owner : assignment;
        fixed = fixed == null ? List.of() : List.copyOf(fixed);
        unknownSPI = unknownSPI == null ? UnknownSpiAction.Pass : unknownSPI;
        learningSeconds = learningSeconds == null ? SteeringPolicySpec.DEFAULT_LEARNING_SECONDS : learningSeconds;
        udpPorts =
                udpPorts == null || udpPorts.isEmpty() ? List.of(SteeringPolicySpec.ESP_IN_UDP) : List.copyOf(udpPorts);
        mark = mark == null ? 0L : mark;
    }

    /** Assignment and lookup by default. */
    public PlannedSteering(
            String name,
            String uid,
            Long generation,
            List<String> interfaces,
            String cpus,
            Integer queueSize,
            XdpMode mode,
            Integer priority,
            NumaPreference numa,
            VlanOffload vlanOffload) {
        this(
                name,
                uid,
                generation,
                interfaces,
                cpus,
                queueSize,
                mode,
                priority,
                numa,
                vlanOffload,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
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

    /** The network namespace of the SAs; empty for that of the interface. */
    public OptionalInt namespace() {
        return netnsId == null ? OptionalInt.empty() : OptionalInt.of(netnsId);
    }

    /** The same on these interfaces. */
    public PlannedSteering on(List<String> others) {
        return new PlannedSteering(
                name,
                uid,
                generation,
                others,
                cpus,
                queueSize,
                mode,
                priority,
                numa,
                vlanOffload,
                assignment,
                fixed,
                unknownSPI,
                learningSeconds,
                udpPorts,
                mark,
                netnsId);
    }
}
