package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.SaDir;

/**
 * What a key was used for on this node.
 *
 * @param origin of the SA
 * @param name of the SecurityAssociation
 * @param adopted the SecurityAssociation is older than the ledger: which other keys it used, nobody knows
 */
public record KeyUse(
        KeyFingerprint key, Origin origin, String name, SaDir direction, boolean adopted, Progress progress) {

    /** How far the sequence numbers of the key have gone. */
    public sealed interface Progress {}

    /** The kernel refused the SA, so no packet was ever sent or received with the key. */
    public record Unused() implements Progress {}

    /** An SA with the key may have sent or received, or may be doing so, any number of packets. */
    public record Open() implements Progress {}

    /**
     * The SA is gone, and the kernel told how far it came.
     *
     * @param lastSequence of the last packet that was sent, or the highest that was received; 64 bits with ESN, else 32
     */
    public record Ended(long lastSequence) implements Progress {}

    /** The SA came to a hard limit of its lifetime, and the kernel deleted it. */
    public record Expired() implements Progress {}

    public KeyUse with(Progress progress) {
        return new KeyUse(key, origin, name, direction, adopted, progress);
    }

    /** Of a SecurityAssociation that is older than the ledger. */
    public KeyUse ofAdopted() {
        return new KeyUse(key, origin, name, direction, true, progress);
    }
}
