package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** One end of an SA. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(value = EndRules.IS_NAMED, message = EndRules.IS_NAMED_MESSAGE)
@ValidationRule(value = EndRules.ADDRESS, message = EndRules.ADDRESS_MESSAGE)
@ValidationRule(
        value = "!has(self.cpu) || has(self.node)",
        message = "cpu is the owner CPU on a cluster node: name the node, or remove cpu")
@ValidationRule(
        value = "!has(self.cpu) || (self.cpu >= 0 && self.cpu <= 65535)",
        message = "cpu must be the number of a CPU of the node, 0 to 65535")
@ValidationRule(value = EndRules.OFFLOAD, message = EndRules.OFFLOAD_MESSAGE)
public record SaEnd(
        @JsonPropertyDescription(
                "Name of a cluster node. The SA is installed there: outbound at the source, inbound at "
                        + "the destination. Without an address an InternalIP of the node is used: "
                        + "the one that SAs and policies between the same ends have, else the first.")
        @Size(max = 253)
        String node,

        @JsonPropertyDescription(EndRules.ADDRESS_MEANS) @Size(max = 64)
        String address,

        @JsonPropertyDescription(
                "The CPU of this node that owns the SA. At the source the kernel sends with this SA only "
                        + "on that CPU (Linux 6.13 and later; another SA of the same reqid without cpu must be there for all "
                        + "other CPUs). At the destination steering brings the SA's packets to that CPU. Without it the SA is not "
                        + "bound to a CPU.")
        Integer cpu,

        @JsonPropertyDescription(
                "A network device of this node that does the work of the SA. Without it the kernel does.")
        Offload offload)
        implements End {

    public Optional<Integer> ownerCpu() {
        return Optional.ofNullable(cpu);
    }

    public Optional<Offload> hardware() {
        return Optional.ofNullable(offload);
    }
}
