package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The traffic between two prefixes, in both directions. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value = "isCIDR(self.source) && cidr(self.source) == cidr(self.source).masked()",
        message = "traffic.selectors: source must be a prefix without bits behind its length, for instance 10.1.0.0/16")
@ValidationRule(
        value = "isCIDR(self.destination) && cidr(self.destination) == cidr(self.destination).masked()",
        message =
                "traffic.selectors: destination must be a prefix without bits behind its length, for instance 10.2.0.0/16")
@ValidationRule(
        value = "!isCIDR(self.source) || !isCIDR(self.destination) || "
                + "cidr(self.source).ip().family() == cidr(self.destination).ip().family()",
        message = "traffic.selectors: source and destination are of different families: make both IPv4 or both IPv6")
@ValidationRule(
        value =
                "!isCIDR(self.source) || !isCIDR(self.destination) || "
                        + "cidr(self.source).ip().family() != cidr(self.destination).ip().family() || "
                        + "(!cidr(self.source).containsCIDR(self.destination) && !cidr(self.destination).containsCIDR(self.source))",
        message =
                "traffic.selectors: source and destination overlap: what is behind one end cannot be behind the other")
public record TrafficSelector(
        @Required @JsonPropertyDescription("Prefix behind the first end.") @Size(max = 64)
        String source,

        @Required @JsonPropertyDescription("Prefix behind the second end.") @Size(max = 64)
        String destination) {}
