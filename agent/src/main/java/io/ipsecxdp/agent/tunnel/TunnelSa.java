package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.ledger.Origin;
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

    private static final String FOR_ALL = "all";

    private static final int PARTS = 5;

    /** What journal and ledger know it by. */
    public Origin origin() {
        return new Origin(
                pair.tunnel(),
                String.join(
                        " ",
                        pair.peer(),
                        direction.name(),
                        own,
                        theirs,
                        cpu.map(number -> Integer.toString(number)).orElse(FOR_ALL)));
    }

    /** The contrary of {@link #origin}; empty for that of another entry. */
    public static Optional<TunnelSa> of(Origin origin) {
        String[] parts = origin.child().split(" ", -1);
        if (parts.length != PARTS) {
            return Optional.empty();
        }
        try {
            return Optional.of(new TunnelSa(
                    new TunnelPair(origin.uid(), parts[0]),
                    SaDir.valueOf(parts[1]),
                    parts[2],
                    parts[3],
                    parts[4].equals(FOR_ALL) ? Optional.empty() : Optional.of(Integer.valueOf(parts[4]))));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    public boolean outbound() {
        return direction == SaDir.OUT;
    }

    /** The same SA at the other end, where this node is the peer. */
    public TunnelSa atOtherEnd(String thisNode) {
        return new TunnelSa(
                new TunnelPair(pair.tunnel(), thisNode), outbound() ? SaDir.IN : SaDir.OUT, theirs, own, cpu);
    }
}
