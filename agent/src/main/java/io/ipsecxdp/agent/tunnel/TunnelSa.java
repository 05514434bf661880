package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.SaDir;
import java.util.Optional;

/**
 * An SA of a tunnel, by what its key is derived of: no two have the same key.
 *
 * @param tunnel uid of the Tunnel
 * @param peer uid of the other Node
 * @param own public value of this node's generation
 * @param theirs public value of the peer's generation
 * @param cpu the sender's CPU; empty for the SA that all others use
 */
public record TunnelSa(TunnelPair pair, SaDir direction, String own, String theirs, Optional<Integer> cpu) {

    public boolean outbound() {
        return direction == SaDir.OUT;
    }

    /** The same SA at the other end, where this node is the peer. */
    public TunnelSa atOtherEnd(String thisNode) {
        return new TunnelSa(
                new TunnelPair(pair.tunnel(), thisNode), outbound() ? SaDir.IN : SaDir.OUT, theirs, own, cpu);
    }
}
