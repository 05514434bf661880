package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import java.util.Optional;

/** What a node's kernel can do. Each was tried, or read from the kernel's BTF; none is guessed from a version. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record NodeCapabilities(
        @Required @JsonPropertyDescription("ESP (the kernel's esp4 and esp6).")
        Boolean esp,

        @JsonPropertyDescription("Algorithms for encryption that the kernel took.")
        List<EncryptionAlgorithm> algorithms,

        // An empty list says that it took none
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @JsonPropertyDescription("Algorithms for integrity that the kernel took; not known if absent.")
        List<IntegrityAlgorithm> integrityAlgorithms,

        @JsonPropertyDescription("AH (the kernel's ah4 and ah6); not known if absent.")
        Boolean ah,

        @JsonPropertyDescription("SAs in mode BEET; not known if absent.")
        Boolean beet,

        @Required @JsonPropertyDescription("SAs with a direction (Linux 6.10).")
        Boolean saDirection,

        @Required @JsonPropertyDescription("SAs with an owner CPU (Linux 6.13).")
        Boolean perCpuSa,

        @Required @JsonPropertyDescription("The kfunc bpf_xdp_get_xfrm_state (Linux 6.8).")
        Boolean xfrmKfunc) {

    public NodeCapabilities {
        algorithms = algorithms == null ? List.of() : List.copyOf(algorithms);
        integrityAlgorithms = integrityAlgorithms == null ? null : List.copyOf(integrityAlgorithms);
    }

    public Optional<List<IntegrityAlgorithm>> knownIntegrityAlgorithms() {
        return Optional.ofNullable(integrityAlgorithms);
    }

    public Optional<Boolean> knowsAh() {
        return Optional.ofNullable(ah);
    }

    public Optional<Boolean> knowsBeet() {
        return Optional.ofNullable(beet);
    }
}
