package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelPeersSpec;
import java.util.List;
import java.util.Map;

/**
 * What the API server has of tunnels, and of what nodes say to one another.
 *
 * @param shares the KeyShares, by name: that of the node
 * @param seen a resourceVersion of KeyShares; all up to it are in {@code shares}
 */
public record Heard(List<TunnelPeersSpec> peers, Map<String, Said> shares, long seen) {

    /** @param version resourceVersion of the KeyShare */
    public record Said(KeyShareSpec spec, long version) {}

    public Heard {
        peers = List.copyOf(peers);
        shares = Map.copyOf(shares);
    }
}
