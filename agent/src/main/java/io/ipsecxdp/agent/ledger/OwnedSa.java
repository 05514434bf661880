package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
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
        SaDir direction,
        Origin origin,
        String name,
        String slice,
        Optional<KeyFingerprint> key,
        InstallTime installTime) {

    public OwnedSa with(InstallTime other) {
        return new OwnedSa(id, source, reqid, direction, origin, name, slice, key, other);
    }

    /** Whether the kernel's SA is the one that was installed. */
    boolean is(ObservedSa observed) {
        return installTime.is(observed.counters().added())
                && source.equals(observed.source())
                && reqid == observed.reqid();
    }
}
