package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import java.util.Optional;

/** An SA that the node must have, in the kernel's terms. */
public record DesiredSa(String name, Origin origin, String slice, Sa sa, KeySource key) implements DesiredEntry {

    /** What the ledger says from before the installation on. */
    public KeyUse use(KeyFingerprint key) {
        return new KeyUse(key, origin, name, sa.direction(), false, new KeyUse.Open());
    }

    /** What the journal says from before the installation on. */
    public OwnedSa owned(Optional<KeyFingerprint> key, InstallTime installTime) {
        return new OwnedSa(sa.id(), sa.source(), sa.reqid(), sa.direction(), origin, name, slice, key, installTime);
    }

    /** It sends, and a device numbers its packets. */
    boolean isCountedByDevice() {
        return outbound() && sa.options().isCountedByDevice();
    }

    boolean outbound() {
        return sa.direction() == SaDir.OUT;
    }
}
