package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.key.KeyFingerprint;
import io.ipsecxdp.agent.xfrm.ObservedSa;
import io.ipsecxdp.agent.xfrm.SaDirection;
import io.ipsecxdp.agent.xfrm.SaId;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Optional;

/**
 * An SA that this agent installed, or was about to install.
 *
 * @param slice the NodePlan that listed it
 * @param key fingerprint of its key; empty if the SA was adopted and its key not read since
 * @param added when the kernel says that it was installed; empty until that was read back
 */
public record OwnedSa(
        SaId id,
        InetAddress source,
        long reqid,
        SaDirection direction,
        String uid,
        String name,
        String slice,
        Optional<KeyFingerprint> key,
        Optional<Instant> added) {

    /**
     * Whether the kernel's SA is the one that was installed. The kernel never changes the time of installation, so that
     * another SA in the same place shows itself by it; until it is known, by the source and the reqid.
     */
    boolean is(ObservedSa observed) {
        return added.map(observed.counters().added()::equals)
                .orElseGet(() -> source.equals(observed.source()) && reqid == observed.reqid());
    }
}
