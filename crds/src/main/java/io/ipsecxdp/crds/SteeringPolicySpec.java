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
        value = "self.interfaces.all(i, i.matches('^[^/:\\\\s]{1,15}$') && i != '.' && i != '..')",
        message = "interfaces: a name has 1 to 15 characters without '/', ':' or white space")
@ValidationRule(
        value = "!has(self.cpus) || self.cpus.matches('^[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*$')",
        message = "cpus must be a list of CPUs and ranges, for instance 0-3,8; leave it out for all CPUs of the node")
@ValidationRule(
        value = "self.queueSize >= 64 && self.queueSize <= 16384",
        message = "queueSize must be 64 to 16384 packets per CPU")
public record SteeringPolicySpec(
        @JsonPropertyDescription("Which nodes, by their labels. Without it, or empty, all nodes.")
        LabelSelector nodeSelector,

        @Required
        @JsonPropertyDescription(
                "Names of the interfaces that receive ESP. One that a node does not have is reported, and steered "
                        + "as soon as it appears.")
        @Size(min = 1, max = 32)
        List<String> interfaces,

        @JsonPropertyDescription(
                "The CPUs that may decrypt, as a list of numbers and ranges (0-3,8). SAs without an owner CPU are "
                        + "spread over them by a hash of the SPI. Without it, all online CPUs of the node.")
        @Size(max = 1024)
        String cpus,

        @Default("2048")
        @JsonPropertyDescription(
                "Packets that may wait for each CPU, 64 to 16384. Keep it below the replay window of the SAs.")
        Integer queueSize,

        @Default("Auto")
        @JsonPropertyDescription(
                "Native runs in the driver, Generic behind it on any interface and slower. Auto takes native where "
                        + "the driver can and says so where it cannot.")
        XdpMode mode) {

    public Optional<String> cpuList() {
        return Optional.ofNullable(cpus);
    }

    public Optional<LabelSelector> selector() {
        return Optional.ofNullable(nodeSelector);
    }
}
