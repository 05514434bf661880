package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/** A firewall mark, and which of its bits count (the kernel's {@code struct xfrm_mark}). */
@ValidationRule(
        value = "self.value >= 0 && self.value <= 4294967295 && self.mask >= 1 && self.mask <= 4294967295",
        message =
                "value must be 0 to 4294967295, and mask 1 to 4294967295 (a mask of 0 compares nothing: leave the mark "
                        + "out)")
@ValidationRule(
        value = "[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, "
                + "524288, 1048576, 2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, "
                + "536870912, 1073741824, 2147483648].all(bit, self.value / bit % 2 <= self.mask / bit % 2)",
        message = "value has bits that are not in mask, and would never be met: clear them, or widen mask")
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Mark(
        @Required @JsonPropertyDescription("The mark, 0 to 4294967295.")
        Long value,

        @Default("4294967295")
        @JsonPropertyDescription("The bits of a packet's mark that count, 1 to 4294967295. Without it, all.")
        Long mask) {

    private static final long ALL_BITS = 0xffff_ffffL;

    public Mark {
        mask = mask == null ? ALL_BITS : mask;
    }

    @Override
    public String toString() {
        return "0x%x/0x%x".formatted(value, mask);
    }
}
