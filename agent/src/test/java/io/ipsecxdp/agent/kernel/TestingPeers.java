package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.tunnel.GenerationStore;
import io.ipsecxdp.agent.tunnel.NodeTunnels;
import io.ipsecxdp.agent.tunnel.PeerLink;
import io.ipsecxdp.agent.tunnel.PrivateValues;
import io.ipsecxdp.agent.tunnel.Ways;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.KeyShareSpec;

/** The other nodes of a node that has none. */
final class TestingPeers implements PeerLink, GenerationStore {

    private final PrivateValues values = new PrivateValues();
    private Content content = Content.NONE;

    static NodeTunnels none() {
        TestingPeers peers = new TestingPeers();
        return new NodeTunnels("n1", peers, peers, to -> Ways.UNKNOWN);
    }

    @Override
    public void listen(boolean wanted) {
        // Nobody says anything
    }

    @Override
    public void say(KeyShareSpec share) {
        // Nobody hears it
    }

    @Override
    public void read(String tunnel, KeySecretRef presharedKey) {
        // There is no API server
    }

    @Override
    public Content content() {
        return content;
    }

    @Override
    public PrivateValues values() {
        return values;
    }

    @Override
    public void write(Content next) {
        content = next;
    }
}
