package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelProgress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Whether a node that leaves a tunnel may go: not before every kernel has let go of it. */
final class TunnelDepartures {
    private final CompilerInput input;

    TunnelDepartures(CompilerInput input) {
        this.input = input;
    }

    /** Whether a node, and its agent with it, is no more: nothing of its kernel is waited for. */
    boolean isGone(String node) {
        return input.cluster().node(node).isEmpty() && !input.kernels().isAlive(node);
    }

    /** Whether the node of an entry is gone, or its name is another one's by now. */
    boolean isGone(TunnelPeer peer) {
        return input.cluster()
                .node(peer.node())
                .map(node -> !node.uid().equals(peer.uid()))
                .orElseGet(() -> isGone(peer.node()));
    }

    /**
     * Why {@code leaving} may not go yet: it was not told, or it or another one still sends protected to the other, who would
     * drop that.
     */
    Optional<Wait> blocker(TunnelPeer leaving, Collection<TunnelPeer> all, PeerSlicer.Of tunnel) {
        if (!leaving.leaves()) {
            return Optional.of(wait(leaving, leaving.node()));
        }
        var stillSentTo = stillSentTo(leaving, tunnel);
        if (stillSentTo.isEmpty()) {
            return Optional.of(wait(leaving, leaving.node()));
        }
        return all.stream()
                .filter(leaving::isPairWith)
                .filter(peer -> stillSentTo.get().contains(peer.node()) || maySend(peer, leaving, tunnel))
                .filter(peer -> !isGone(peer))
                .findFirst()
                .map(peer -> wait(leaving, peer.node()));
    }

    /** To whom a node that leaves still sends protected; empty as long as it has not said. */
    private Optional<List<String>> stillSentTo(TunnelPeer leaving, PeerSlicer.Of tunnel) {
        return hasNothing(leaving, tunnel)
                ? Optional.of(List.of())
                : progress(leaving, tunnel)
                        .filter(progress -> progress.sends(leaving.node(), leaving.revision()))
                        .map(TunnelProgress::sendsNot);
    }

    private boolean maySend(TunnelPeer peer, TunnelPeer leaving, PeerSlicer.Of tunnel) {
        return !hasNothing(peer, tunnel)
                && progress(peer, tunnel)
                        .filter(progress -> progress.sends(leaving.node(), leaving.revision()))
                        .isEmpty();
    }

    /** A node whose agent has read a plan without the tunnel. */
    private boolean hasNothing(TunnelPeer peer, PeerSlicer.Of tunnel) {
        var key = new Entry.Key(new ObjectKey(DeclaredKind.TUNNEL, tunnel.tunnel()), "", "");
        return !input.kernels().mayHave(peer.node(), key, tunnel.uid());
    }

    private Optional<TunnelProgress> progress(TunnelPeer peer, PeerSlicer.Of tunnel) {
        return input.tunnels()
                .progress(peer.node(), input.cluster().node(peer.node()).map(ClusterNode::uid), tunnel.uid());
    }

    private Wait wait(TunnelPeer leaving, String peer) {
        return input.kernels()
                .waitFor(
                        leaving.node(),
                        peer,
                        "node %s leaves the tunnel, and that one has not let go of it yet".formatted(leaving.node()));
    }
}
