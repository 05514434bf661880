package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/** What a node's kernel can do. Each was tried, or read from the kernel's BTF; none is guessed from a version. */
public record NodeCapabilities(
        @Required @JsonPropertyDescription("ESP (the kernel's esp4 and esp6).")
        Boolean esp,

        @JsonPropertyDescription("Algorithms that the kernel took.")
        List<EncryptionAlgorithm> algorithms,

        @Required @JsonPropertyDescription("SAs with a direction (Linux 6.10).")
        Boolean saDirection,

        @Required @JsonPropertyDescription("SAs with an owner CPU (Linux 6.13).")
        Boolean perCpuSa,

        @Required @JsonPropertyDescription("The kfunc bpf_xdp_get_xfrm_state (Linux 6.8).")
        Boolean xfrmKfunc) {

    public NodeCapabilities {
        algorithms = algorithms == null ? List.of() : List.copyOf(algorithms);
    }
}
