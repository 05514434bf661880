package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.LabelSelector;
import java.util.List;
import java.util.Optional;

/** Which nodes and interfaces get the XDP program, and what it does. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value =
                "self.interfaces.all(i, i == 'default route' || (i.matches('^[^/:\\\\s]{1,15}$') && i != '.' && i != '..'))",
        message =
                "interfaces: a name has 1 to 15 characters without '/', ':' or white space; a pattern has * or ? in it; 'default route' is the interface that has it")
@ValidationRule(
        value = "!has(self.cpus) || self.cpus.matches('" + CpuList.PATTERN + "')",
        message = "cpus must be a list of CPUs and ranges, for instance 0-3,8; leave it out for all CPUs of the node")
@ValidationRule(
        value = "!has(self.excludedCpus) || self.excludedCpus.matches('" + CpuList.PATTERN + "')",
        message =
                "excludedCpus must be a list of CPUs and ranges, for instance 0,4-5; leave it out to exclude none of cpus")
@ValidationRule(
        value = "!has(self.cpus) || !self.cpus.matches('" + CpuList.PATTERN + "') || self.cpus" + CpuList.IN_ORDER,
        message = "cpus: in a range the lower CPU comes first, and the highest CPU is 65535; for instance 0-3,8")
@ValidationRule(
        value = "!has(self.excludedCpus) || !self.excludedCpus.matches('" + CpuList.PATTERN + "') || self.excludedCpus"
                + CpuList.IN_ORDER,
        message =
                "excludedCpus: in a range the lower CPU comes first, and the highest CPU is 65535; for instance 0,4-5")
@ValidationRule(
        value = "self.queueSize >= 64 && self.queueSize <= 16384",
        message = "queueSize must be 64 to 16384 packets per CPU")
@ValidationRule(
        value = "self.priority >= 1 && self.priority <= 65535",
        message = "priority must be 1 to 65535; of two policies that want an interface the lower number gets it")
@ValidationRule(
        value = "(self.assignment == 'Fixed') == has(self.fixed)",
        message =
                "fixed and assignment: Fixed go together: fixed lists the SPIs that have a CPU of their own; set both, or neither")
@ValidationRule(
        value =
                "!has(self.fixed) || self.fixed.all(f, f.spi >= 256 && f.spi <= 4294967295 && f.cpu >= 0 && f.cpu <= 65535)",
        message = "fixed: an spi must be 256 to 4294967295 (RFC 4303, section 2.1), and a cpu 0 to 65535")
@ValidationRule(
        value = "!has(self.fixed) || self.fixed.all(f, self.fixed.exists_one(g, g.spi == f.spi))",
        message = "fixed: an spi stands there twice, and an SA has one CPU; remove one of the two")
@ValidationRule(
        value = "self.learningSeconds >= 0 && self.learningSeconds <= 86400",
        message = "learningSeconds must be 0 to 86400 (a day)")
@ValidationRule(
        value = "!has(self.udpPorts) || self.udpPorts.all(p, p >= 1 && p <= 65535)",
        message = "udpPorts: a UDP port is 1 to 65535")
@ValidationRule(
        value = "self.mark >= 0 && self.mark <= 4294967295",
        message = "mark must be 0 to 4294967295; it is that of the SAs, without a mask")
@ValidationRule(
        value = "!has(self.netnsId) || self.netnsId >= 0",
        message =
                "netnsId must be 0 or more, as 'ip netns list-id' shows it; leave it out for the network namespace of the interface")
public record SteeringPolicySpec(
        @JsonPropertyDescription("Which nodes, by their labels. Without it, or empty, all nodes.")
        LabelSelector nodeSelector,

        @Required
        @JsonPropertyDescription(
                "Interfaces that receive ESP: names; patterns, in which * stands for any characters and ? for one "
                        + "(ens*); or 'default route' for the interfaces through which the node's default routes lead. "
                        + "One that a node does not have is reported, and steered as soon as it appears. Packets need an "
                        + "Ethernet header: patterns leave tun, ipip and the like out, and such a name is reported.")
        @Size(min = 1, max = 32)
        List<String> interfaces,

        @JsonPropertyDescription(
                "The CPUs that may decrypt, as a list of numbers and ranges (0-3,8). SAs without an owner CPU are "
                        + "spread over them by a hash of the SPI. Without it, all online CPUs of the node.")
        @Size(max = 1024)
        String cpus,

        @Default("2048")
        @JsonPropertyDescription(
                "Packets that may wait for each CPU, 64 to 16384. Keep it within two thirds of the replay window of the "
                        + "SAs: when an SA goes to another CPU, its packets fall behind by up to one and a half queues.")
        Integer queueSize,

        @Default("Auto")
        @JsonPropertyDescription(
                "Native runs in the driver, Generic behind it on any interface and slower. Auto takes native where "
                        + "the driver can and says so where it cannot.")
        XdpMode mode,

        @Default("1000")
        @JsonPropertyDescription(
                "Of two policies that want an interface the one with the lower number gets it, 1 to 65535; with the "
                        + "same number the one that has it, else the older. The other one says so in its conditions.")
        Integer priority,

        @JsonPropertyDescription(
                "CPUs that must not decrypt, as a list of numbers and ranges: taken out of cpus, for instance because "
                        + "they belong to something else.")
        @Size(max = 1024)
        String excludedCpus,

        @Default("Any")
        @JsonPropertyDescription(
                "Local keeps to the CPUs of the interface's NUMA node, as far as the policy allows any of them; an SA "
                        + "owned by a CPU of another node is then decrypted where it arrives. Any does not care.")
        NumaPreference numa,

        @Default("DontSteer")
        @JsonPropertyDescription(
                "What to do on an interface with VLANs whose driver, or veth peer, takes the tag out of the frame "
                        + "before XDP sees it; steered, such a packet would arrive without its tag, on the wrong "
                        + "interface. DontSteer leaves the interface alone and says so; SwitchOff switches that "
                        + "offload off, and it stays off when the policy goes.")
        VlanOffload vlanOffload,

        @Default("Owner")
        @JsonPropertyDescription(
                "How the CPU of an SA is found. Owner: the CPU that owns the SA (RFC 9611), a hash of the SPI for SAs "
                        + "without an owner. Hash: always the hash. Fixed: the CPU that 'fixed' names for the SPI, for "
                        + "others as Owner. Adaptive: as Owner, and SAs without an owner are moved from a hot CPU to "
                        + "an idle one, a few at a time; those with an owner never are.")
        CpuAssignment assignment,

        @JsonPropertyDescription("For assignment Fixed: the CPUs of SPIs, up to 256.") @Size(min = 1, max = 256)
        List<FixedCpu> fixed,

        @Default("Pass")
        @JsonPropertyDescription(
                "What becomes of packets that belong to no SA. Pass: they go up the stack, which refuses them. Count: "
                        + "so too, and the IPsecNode lists who sends the most. Drop: listed and, after "
                        + "learningSeconds, dropped before the kernel spends time on them. Do not use it where a rule of "
                        + "the firewall (DNAT) leads ESP or AH for an address of the node to somebody else, or where a "
                        + "process receives them by a raw socket: XDP comes before both and cannot see them.")
        UnknownSpiAction unknownSPI,

        @Default("300")
        @JsonPropertyDescription(
                "For unknownSPI Drop: for so many seconds after an agent begins it only counts, 0 to 86400, so that "
                        + "the list can be read before anything is dropped.")
        Integer learningSeconds,

        @JsonPropertyDescription(
                "UDP ports on which the node receives ESP in UDP (RFC 3948), up to 8. Without it, 4500.")
        @Size(min = 1, max = 8)
        List<Integer> udpPorts,

        @Default("0")
        @JsonPropertyDescription(
                "The mark with which SAs are looked up, 0 to 4294967295. An SA that was installed with a mark is found "
                        + "only with that one; one without is found with any.")
        Long mark,

        @JsonPropertyDescription(
                "In which network namespace the SAs are, as 'ip netns list-id' numbers it from that of the interface. "
                        + "Without it, in that of the interface.")
        Integer netnsId) {

    /** The entry of {@link #interfaces} for those that the node's default routes lead through. */
    public static final String DEFAULT_ROUTE = "default route";

    public static final int DEFAULT_PRIORITY = 1000;

    public static final int DEFAULT_LEARNING_SECONDS = 300;

    /** RFC 3948. */
    public static final int ESP_IN_UDP = 4500;

    public SteeringPolicySpec {
        interfaces = interfaces == null ? List.of() : List.copyOf(interfaces);
        priority = priority == null ? DEFAULT_PRIORITY : priority;
        numa = numa == null ? NumaPreference.Any : numa;
        vlanOffload = vlanOffload == null ? VlanOffload.DontSteer : vlanOffload;
        assignment = assignment == null ? CpuAssignment.Owner : assignment;
        unknownSPI = unknownSPI == null ? UnknownSpiAction.Pass : unknownSPI;
        learningSeconds = learningSeconds == null ? DEFAULT_LEARNING_SECONDS : learningSeconds;
        mark = mark == null ? 0L : mark;
    }

    /** All else by default. */
    public SteeringPolicySpec(
            LabelSelector nodeSelector, List<String> interfaces, String cpus, Integer queueSize, XdpMode mode) {
        this(
                nodeSelector,
                interfaces,
                cpus,
                queueSize,
                mode,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    public Optional<String> cpuList() {
        return Optional.ofNullable(cpus);
    }

    public Optional<String> excludedCpuList() {
        return Optional.ofNullable(excludedCpus);
    }

    public List<FixedCpu> fixedCpus() {
        return fixed == null ? List.of() : List.copyOf(fixed);
    }

    public List<Integer> espInUdpPorts() {
        return udpPorts == null ? List.of(ESP_IN_UDP) : List.copyOf(udpPorts);
    }

    public Optional<LabelSelector> selector() {
        return Optional.ofNullable(nodeSelector);
    }
}
