package io.ipsecxdp.agent.tunnel;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A key pair of this node, by its public value. It is made; published, which needs the inbound SAs with all peers first;
 * withdrawn, which needs all peers to have followed a newer one; and wiped when no SA of it is left.
 *
 * @param presharedKeys by uid of the tunnel, which version of its pre-shared key goes with it
 * @param published the resourceVersion of the KeyShare that first had it; empty too if etcd has lost that KeyShare
 * @param shown a KeyShare had it once, whether or not etcd still knows
 * @param withdrawn it is in the KeyShare no more
 */
public record OwnGeneration(
        String publicKey,
        Instant created,
        Map<String, String> presharedKeys,
        Optional<Long> published,
        boolean shown,
        boolean withdrawn) {

    public OwnGeneration {
        presharedKeys = Map.copyOf(presharedKeys);
    }

    public static OwnGeneration made(String publicKey, Instant created, Map<String, String> presharedKeys) {
        return new OwnGeneration(publicKey, created, presharedKeys, Optional.empty(), false, false);
    }

    OwnGeneration publishedAt(long version) {
        return new OwnGeneration(publicKey, created, presharedKeys, Optional.of(version), true, withdrawn);
    }

    OwnGeneration forgottenByEtcd() {
        return new OwnGeneration(publicKey, created, presharedKeys, Optional.empty(), shown, withdrawn);
    }

    OwnGeneration withdraw() {
        return new OwnGeneration(publicKey, created, presharedKeys, published, shown, true);
    }

    boolean live() {
        return !withdrawn;
    }
}
