package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Optional;

/**
 * Which nodes, what traffic between them, and how it is protected.
 *
 * <p>What both nodes of a pair must agree on to understand each other at all, traffic, algorithm and whether there is a
 * pre-shared key, cannot change: the two would have it at different times, and lose what they send until then. Which nodes,
 * how many SAs and when to rekey can.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!has(self.traffic.selectors) || size(self.ends) == 2",
        message =
                "traffic.selectors needs two ends: source is what is behind the first, destination what is behind the second")
@ValidationRule(
        value = "size(self.ends) == size(oldSelf.ends)",
        message = "the number of ends cannot change: delete the Tunnel, and declare a new one")
@ValidationRule(
        value = "self.traffic == oldSelf.traffic",
        message = "traffic cannot change: delete the Tunnel, and declare a new one")
@ValidationRule(
        value = "self.encryption == oldSelf.encryption",
        message = "encryption cannot change: delete the Tunnel, and declare a new one")
@ValidationRule(
        value = "has(self.presharedKeySecretRef) == has(oldSelf.presharedKeySecretRef) && "
                + "(!has(self.presharedKeySecretRef) || self.presharedKeySecretRef == oldSelf.presharedKeySecretRef)",
        message =
                "presharedKeySecretRef cannot change: change the entry of the Secret that it names, and all pairs rekey; or "
                        + "delete the Tunnel, and declare a new one")
public record TunnelSpec(
        @Required
        @JsonPropertyDescription(
                "One end: each of its nodes with each other one, a mesh. Two ends: each node of the first with each of the "
                        + "second, as hub and spokes or gateways.")
        @Size(min = 1, max = 2)
        List<TunnelEnd> ends,

        @Required @JsonPropertyDescription("What is protected: exactly one of pods, overlay and selectors.")
        TunnelTraffic traffic,

        @Default("{}") @JsonPropertyDescription("An SA for each CPU that sends (RFC 9611).")
        PerCpu perCpu,

        @Default("{}") @JsonPropertyDescription("The algorithm of the SAs. The nodes agree the keys.")
        TunnelEncryption encryption,

        @Default("{}") @JsonPropertyDescription("When the nodes agree new keys. No packet is lost to it.")
        Rekey rekey,

        @JsonPropertyDescription(
                "A key of at least 32 bytes that all nodes of the tunnel mix into what they agree, as a second lock against "
                        + "somebody who records now and has a quantum computer later (as RFC 8784 for IKEv2). When the entry "
                        + "changes, all pairs rekey.")
        KeySecretRef presharedKeySecretRef,

        @Default("false")
        @JsonPropertyDescription(
                "True takes the protection off, pair by pair and without losing a packet: traffic is in the clear then. False "
                        + "brings it back.")
        Boolean paused) {

    public TunnelSpec {
        ends = ends == null ? List.of() : List.copyOf(ends);
        perCpu = perCpu == null ? new PerCpu(null) : perCpu;
        encryption = encryption == null ? new TunnelEncryption(null, null) : encryption;
        rekey = rekey == null ? Rekey.DEFAULT : rekey;
        paused = paused != null && paused;
    }

    public Optional<KeySecretRef> presharedKey() {
        return Optional.ofNullable(presharedKeySecretRef);
    }
}
