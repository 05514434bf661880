package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.KeyShareSpec;

/** The way to the other nodes, by the API server. Nothing here blocks or fails. */
public interface PeerLink {

    /** Whether it is to be heard what others say; what is heard comes to {@link NodeTunnels#heard}. */
    void listen(boolean wanted);

    /** This is to be this node's KeyShare; what became of it comes to {@link NodeTunnels#wrote}. */
    void say(KeyShareSpec share);

    /** Reads the pre-shared key of a tunnel; what comes of it comes to {@link NodeTunnels#presharedKey}. */
    void read(String tunnel, KeySecretRef presharedKey);
}
