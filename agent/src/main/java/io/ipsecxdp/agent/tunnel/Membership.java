package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.TunnelPeer;
import java.util.List;
import java.util.Optional;

/**
 * A tunnel that this node is in.
 *
 * @param self this node's own entry
 * @param others the nodes with which it makes a pair ({@link TunnelPeer#isPairWith})
 * @param known the highest revision of all entries of the tunnel that this node has seen
 * @param presharedKey which version of the pre-shared key the node has; empty without one
 */
public record Membership(
        PlannedTunnel planned, TunnelPeer self, List<TunnelPeer> others, long known, Optional<String> presharedKey) {

    public Membership {
        others = List.copyOf(others);
    }

    public String uid() {
        return planned.uid();
    }

    /** The number that both ends of the pair must have come to. */
    long revision(TunnelPeer other) {
        return Math.max(self.revision(), other.revision());
    }

    boolean isOn(TunnelPeer other) {
        return !self.leaves() && !other.leaves();
    }

    TunnelPair pair(TunnelPeer other) {
        return new TunnelPair(uid(), other.uid());
    }
}
