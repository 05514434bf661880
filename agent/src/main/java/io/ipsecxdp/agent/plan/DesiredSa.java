package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.crds.Reason;
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

    /** It goes on only from where its key came to: it sends, or it refuses replays. */
    boolean isSequenced() {
        return outbound() || sa.replayWindow() > 0;
    }

    /** The same, and only a device knows how far it came. */
    boolean isCountedByDevice() {
        return isSequenced() && sa.options().isCountedByDevice();
    }

    /** What to say where it is not known how far its key came. */
    Reason atRisk() {
        return outbound() ? Reason.NonceAtRisk : Reason.ReplayAtRisk;
    }

    /** What could happen then. */
    String risk() {
        return outbound()
                ? "to send with it again could use a nonce twice"
                : "to receive with it again could take a packet a second time";
    }

    boolean outbound() {
        return sa.direction() == SaDir.OUT;
    }
}
