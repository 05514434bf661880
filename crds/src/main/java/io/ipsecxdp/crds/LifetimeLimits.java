package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/** Limits of the life of an SA; the first that is met counts. What is left out has no limit. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value = "has(self.bytes) || has(self.packets) || has(self.secondsSinceAdd) || has(self.secondsSinceUse)",
        message = "a limit needs bytes, packets, secondsSinceAdd or secondsSinceUse; leave it out for none")
@ValidationRule(
        value = "(!has(self.bytes) || (self.bytes >= 1 && self.bytes <= 9007199254740991)) && "
                + "(!has(self.packets) || (self.packets >= 1 && self.packets <= 9007199254740991))",
        message =
                "bytes and packets must be 1 to 9007199254740991 (the largest number that JSON carries exactly); leave "
                        + "one out for no limit")
@ValidationRule(
        value = "(!has(self.secondsSinceAdd) || (self.secondsSinceAdd >= 1 && self.secondsSinceAdd <= 4294967295)) && "
                + "(!has(self.secondsSinceUse) || (self.secondsSinceUse >= 1 && self.secondsSinceUse <= 4294967295))",
        message = "secondsSinceAdd and secondsSinceUse must be 1 to 4294967295; leave one out for no limit")
public record LifetimeLimits(
        @JsonPropertyDescription("Bytes that the SA protects, 1 to 9007199254740991.")
        Long bytes,

        @JsonPropertyDescription("Packets that the SA protects, 1 to 9007199254740991.")
        Long packets,

        @JsonPropertyDescription("Seconds since the kernel has the SA, 1 to 4294967295.")
        Long secondsSinceAdd,

        @JsonPropertyDescription("Seconds since the SA's first packet, 1 to 4294967295.")
        Long secondsSinceUse) {

    public Optional<Long> mostBytes() {
        return Optional.ofNullable(bytes);
    }

    public Optional<Long> mostPackets() {
        return Optional.ofNullable(packets);
    }

    public Optional<Long> mostSecondsSinceAdd() {
        return Optional.ofNullable(secondsSinceAdd);
    }

    public Optional<Long> mostSecondsSinceUse() {
        return Optional.ofNullable(secondsSinceUse);
    }
}
