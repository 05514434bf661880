package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.key.KeyFingerprint;
import io.ipsecxdp.agent.xfrm.ObservedSa;
import io.ipsecxdp.agent.xfrm.SaDirection;
import io.ipsecxdp.agent.xfrm.SaId;
import java.net.InetAddress;
import java.util.Optional;

/**
 * An SA that this agent installed, or was about to install.
 *
 * @param slice the NodePlan that listed it
 * @param key fingerprint of its key; empty if the SA was adopted and the kernel does not show its key
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
        Birth birth) {

    public OwnedSa with(Birth other) {
        return new OwnedSa(id, source, reqid, direction, uid, name, slice, key, other);
    }

    /** Whether the kernel's SA is the one that was installed. */
    boolean is(ObservedSa observed) {
        return birth.is(observed.counters().added()) && source.equals(observed.source()) && reqid == observed.reqid();
    }
}
