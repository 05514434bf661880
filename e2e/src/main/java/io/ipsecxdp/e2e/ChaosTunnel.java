package io.ipsecxdp.e2e;

import java.util.List;
import java.util.Map;

/** A Tunnel, whose nodes agree new keys when somebody asks for them, and when a node has lost its own. */
final class ChaosTunnel implements ChaosSubject {
    private static final int PER_CPU = 2;

    private final AgreedTunnel tunnel;
    private Map<String, String> before = Map.of();

    ChaosTunnel(Cluster cluster) {
        this.tunnel = new AgreedTunnel(cluster, "chaos", PER_CPU);
    }

    @Override
    public void declare() {
        tunnel.applyReady();
    }

    @Override
    public void beginChange() {
        before = tunnel.requestKeys();
    }

    /** How far the others have come is theirs to say, and nobody waits for it. */
    @Override
    public void awaitBegun(Node away) {}

    @Override
    public void endChange() {
        tunnel.awaitOthersThan(before);
    }

    /** A request that is forgotten is one that the nodes have answered. */
    @Override
    public boolean mayBeForgotten() {
        return true;
    }

    /** By itself. */
    @Override
    public void renew(Node node, Runnable loss) {
        before = tunnel.newest();
        loss.run();
        tunnel.awaitOthersThan(before, List.of(node));
    }
}
