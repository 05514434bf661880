package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.secrets.PresharedKeys;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.KeyShareSpec;

/** The way to the other nodes, by the API server. Nothing here blocks or fails. */
public interface PeerLink {

    /** Takes what comes of it, on any thread. */
    interface Listener {
        /** What other nodes say, and who they are. */
        void heard(Heard heard);

        /** The API server has taken this node's KeyShare; that is its resourceVersion. */
        void shareWritten(KeyShareSpec share, long version);

        void presharedKeyRead(String tunnel, PresharedKeys.Answer answer);
    }

    /** Whether it is to be heard what others say; what is heard comes to {@link NodeTunnels#heard}. */
    void listen(boolean wanted);

    /** This is to be this node's KeyShare; what became of it comes to {@link NodeTunnels#wrote}. */
    void say(KeyShareSpec share);

    /** Reads the pre-shared key of a tunnel; what comes of it comes to {@link NodeTunnels#presharedKey}. */
    void read(String tunnel, KeySecretRef presharedKey);
}
