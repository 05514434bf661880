package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/** Nodes of one tunnel. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TunnelPeersSpec(
        @Required @JsonPropertyDescription("Name of the Tunnel.")
        String tunnel,

        @Required @JsonPropertyDescription("Uid of the Tunnel.")
        String uid,

        @JsonPropertyDescription("The nodes.") List<TunnelPeer> peers) {

    public TunnelPeersSpec {
        peers = peers == null ? List.of() : List.copyOf(peers);
    }
}
