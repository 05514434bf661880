package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** When an SA ends, and when the kernel warns of it (RFC 4301, section 4.4.2.1). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value = "!(has(self.soft) && has(self.hard) && has(self.soft.bytes) && has(self.hard.bytes)) || "
                + "self.soft.bytes < self.hard.bytes",
        message = "soft.bytes must be below hard.bytes: it warns, so that a new SA can be there before this one ends")
@ValidationRule(
        value = "!(has(self.soft) && has(self.hard) && has(self.soft.packets) && has(self.hard.packets)) || "
                + "self.soft.packets < self.hard.packets",
        message =
                "soft.packets must be below hard.packets: it warns, so that a new SA can be there before this one ends")
@ValidationRule(
        value =
                "!(has(self.soft) && has(self.hard) && has(self.soft.secondsSinceAdd) && has(self.hard.secondsSinceAdd)) || "
                        + "self.soft.secondsSinceAdd < self.hard.secondsSinceAdd",
        message =
                "soft.secondsSinceAdd must be below hard.secondsSinceAdd: it warns, so that a new SA can be there before this one ends")
@ValidationRule(
        value =
                "!(has(self.soft) && has(self.hard) && has(self.soft.secondsSinceUse) && has(self.hard.secondsSinceUse)) || "
                        + "self.soft.secondsSinceUse < self.hard.secondsSinceUse",
        message =
                "soft.secondsSinceUse must be below hard.secondsSinceUse: it warns, so that a new SA can be there before this one ends")
public record Lifetimes(
        @JsonPropertyDescription("When the kernel warns: the SA goes on, and its condition Degraded says SoftExpired.")
        LifetimeLimits soft,

        @JsonPropertyDescription(
                "When the SA ends: the kernel deletes it, and it is not installed again. Declare its successor before, "
                        + "with a new spi and a new key.")
        LifetimeLimits hard) {

    public Optional<LifetimeLimits> warning() {
        return Optional.ofNullable(soft);
    }

    public Optional<LifetimeLimits> end() {
        return Optional.ofNullable(hard);
    }
}
