package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.ValidationRule;

/** SAs per CPU. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "self.max >= 1 && self.max <= 64",
        message =
                "perCpu.max must be 1 to 64: each pair of nodes has so many SAs in each direction, and one without a CPU")
public record PerCpu(
        @Default("8")
        @JsonPropertyDescription(
                "SAs of each pair and direction: one for each CPU that sends up to this many, 1 to 64, and one without a CPU "
                        + "for all others.")
        Integer max) {

    public static final int DEFAULT_MAX = 8;

    public PerCpu {
        max = max == null ? DEFAULT_MAX : max;
    }
}
