package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import java.util.Optional;

/** Nodes of one tunnel. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TunnelPeersSpec(
        @Required @JsonPropertyDescription("Name of the Tunnel.")
        String tunnel,

        @Required @JsonPropertyDescription("Uid of the Tunnel.")
        String uid,

        @JsonPropertyDescription(
                "The highest revision that an entry of this slice ever had, those that are gone included: none is given twice.")
        Long revision,

        @JsonPropertyDescription("The nodes.") List<TunnelPeer> peers) {

    public TunnelPeersSpec {
        peers = peers == null ? List.of() : List.copyOf(peers);
    }

    /** The highest revision that was given here; 0 if none was. */
    public long highestRevision() {
        return Math.max(
                revision == null ? 0 : revision,
                peers.stream().mapToLong(TunnelPeer::revision).max().orElse(0));
    }

    public Optional<TunnelPeer> peer(String node) {
        return peers.stream().filter(peer -> peer.node().equals(node)).findFirst();
    }
}
