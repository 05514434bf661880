package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/** What was steered on one interface, since the program was first attached there. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SteeredTraffic(
        @Required @JsonPropertyDescription("Name of the interface.")
        String interfaceName,

        @Required @JsonPropertyDescription("Name of the SteeringPolicy.")
        String policy,

        @Required @JsonPropertyDescription("ESP and AH packets that the XDP program saw.")
        Long packets,

        @Required @JsonPropertyDescription("Their bytes, Ethernet header included.")
        Long bytes,

        @Required @JsonPropertyDescription("Of these packets, in percent, those sent to the CPU that owns their SA.")
        Integer ownerPercent,

        @Required @JsonPropertyDescription("Packets that were lost between the program and the CPU.")
        Long dropped,

        @JsonPropertyDescription(
                "The busiest CPU's packets, divided by the mean over the CPUs of the policy: 1.00 is even. Absent if "
                        + "nothing was steered, and in generic mode, where the kernel does not tell.")
        String imbalance,

        @JsonPropertyDescription("Packets by the CPU that they were sent to; the 64 busiest.")
        List<CpuTraffic> cpus) {

    /** How many interfaces, and how many CPUs of each, a status lists at most. */
    public static final int MAX_INTERFACES = 16;

    public static final int MAX_CPUS = 64;

    public SteeredTraffic {
        cpus = cpus == null ? List.of() : List.copyOf(cpus);
    }
}
