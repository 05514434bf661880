package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;

/** Facts about a node, and how it does. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record IPsecNodeStatus(
        @JsonPropertyDescription("Release of the kernel, for people; what it can do is under capabilities.")
        String kernel,

        @JsonPropertyDescription("Boot id and network namespace cookie.")
        String boot,

        @JsonPropertyDescription("Version of the agent.") String agent,

        @JsonPropertyDescription("Online CPUs as a list of numbers and ranges, for example 0-3.")
        String cpus,

        @JsonPropertyDescription("What the kernel can do.") NodeCapabilities capabilities,

        @JsonPropertyDescription("Interfaces and how they are steered.")
        List<NodeInterface> interfaces,

        @JsonPropertyDescription("Steered interfaces, for people: eth0:Native.")
        String steering,

        @JsonPropertyDescription("SAs in force, of all that are planned, for example 12/12.")
        String securityAssociations,

        @JsonPropertyDescription(
                "What the SAs in force encrypted and decrypted, all together. " + Described.TOLD_SELDOM)
        SaTraffic saTraffic,

        @JsonPropertyDescription("ESP packets that the XDP program saw. " + Described.TOLD_SELDOM)
        Long espPackets,

        @JsonPropertyDescription("Of these, in percent, those sent to the CPU that owns their SA.")
        Integer ownerPercent,

        @JsonPropertyDescription("Packets by outcome of the XDP program. " + Described.TOLD_SELDOM)
        List<OutcomeCount> outcomes,

        @JsonPropertyDescription(
                "ESP packets that were lost on the way to a CPU, on all interfaces. " + Described.TOLD_SELDOM)
        Long droppedPackets,

        @JsonPropertyDescription(
                "The busiest CPU's packets, divided by the mean, on the interface where that is worst.")
        String imbalance,

        @JsonPropertyDescription("What was steered on each interface; the first 16. " + Described.TOLD_SELDOM)
        List<SteeredTraffic> steeredTraffic,

        @JsonPropertyDescription(
                "Who sends the most packets that belong to no SA, where unknownSPI of the SteeringPolicy is Count or "
                        + "Drop; up to 10. " + Described.TOLD_SELDOM)
        List<UnknownSpi> unknownSPIs,

        @JsonPropertyDescription(
                "Packets that the kernel's IPsec refused, by reason; reasons without a packet are left out. "
                        + Described.TOLD_SELDOM)
        List<XfrmErrorCount> xfrmErrors,

        @JsonPropertyDescription(
                "SecurityPolicies for whose packets there is no SA on this node; up to 10. " + Described.TOLD_SELDOM)
        List<Acquire> acquires,

        @JsonPropertyDescription("Ready and Degraded.") List<Condition> conditions) {

    public IPsecNodeStatus {
        interfaces = interfaces == null ? List.of() : List.copyOf(interfaces);
        outcomes = outcomes == null ? List.of() : List.copyOf(outcomes);
        steeredTraffic = steeredTraffic == null ? List.of() : List.copyOf(steeredTraffic);
        unknownSPIs = unknownSPIs == null ? List.of() : List.copyOf(unknownSPIs);
        xfrmErrors = xfrmErrors == null ? List.of() : List.copyOf(xfrmErrors);
        acquires = acquires == null ? List.of() : List.copyOf(acquires);
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }
}
