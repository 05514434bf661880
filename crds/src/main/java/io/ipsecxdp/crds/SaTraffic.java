package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

/** What the SAs of a node did, from the kernel's counters. An SA that goes takes its part along. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SaTraffic(
        @Required @JsonPropertyDescription("Packets that outbound SAs sent.")
        Long encryptedPackets,

        @Required @JsonPropertyDescription("Their bytes.") Long encryptedBytes,

        @Required @JsonPropertyDescription("Packets that inbound SAs accepted.")
        Long decryptedPackets,

        @Required @JsonPropertyDescription("Their bytes.") Long decryptedBytes) {}
