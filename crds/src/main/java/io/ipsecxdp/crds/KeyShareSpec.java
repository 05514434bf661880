package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;

/** What a node has, and what it knows of the others. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record KeyShareSpec(
        @Required @JsonPropertyDescription("Uid of the Node.")
        String nodeUid,

        @Required
        @JsonPropertyDescription(
                "Boot id and network namespace cookie: what the node had under another one, keys and SAs, is gone.")
        String boot,

        @JsonPropertyDescription("Its live key pairs, by their public halves, the newest last.") @Size(max = 8)
        List<KeyGeneration> generations,

        @JsonPropertyDescription(
                "A resourceVersion of KeyShares. Of all that KeyShares said up to it, the node's kernel has the inbound SAs.")
        @Size(max = 32)
        String followed,

        @JsonPropertyDescription(
                "A resourceVersion of KeyShares. Of all that KeyShares showed up to it, the node sends by nothing but each peer's "
                        + "newest key; so a peer may withdraw its older ones.")
        @Size(max = 32)
        String released,

        @JsonPropertyDescription("How far the node is with each of its tunnels.")
        List<TunnelProgress> tunnels,

        @JsonPropertyDescription("Inbound SAs whose SPI is not the first that the keys yield, as that was taken.")
        List<SpiException> spiExceptions) {

    public KeyShareSpec {
        generations = generations == null ? List.of() : List.copyOf(generations);
        tunnels = tunnels == null ? List.of() : List.copyOf(tunnels);
        spiExceptions = spiExceptions == null ? List.of() : List.copyOf(spiExceptions);
    }

    /** The same, with these SPIs that are not the first. */
    public KeyShareSpec with(List<SpiException> exceptions) {
        return new KeyShareSpec(nodeUid, boot, generations, followed, released, tunnels, exceptions);
    }
}
