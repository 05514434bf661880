package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.TunnelTraffic;
import java.util.Optional;

/** What a NodePlan says of a tunnel for pods. */
public final class PlannedPods {

    private PlannedPods() {}

    /** @param interval between rekeys, in seconds */
    public static PlannedTunnel tunnel(String uid, long interval, Optional<KeySecretRef> presharedKey, String request) {
        return new PlannedTunnel(
                "pods",
                uid,
                1L,
                TunnelTraffic.ofPods(),
                EncryptionAlgorithm.ENCR_AES_GCM_16,
                256,
                2,
                interval,
                1L << 36,
                0x8000_0001L,
                presharedKey.orElse(null),
                request);
    }
}
