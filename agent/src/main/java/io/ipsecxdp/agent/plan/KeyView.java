package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.crds.Reason;

/** What is known of the key that an SA's Secret holds. The bytes are never here. */
public sealed interface KeyView {

    /** It was not read, or long ago. */
    record NotRead() implements KeyView {}

    /** It was asked for. */
    record Reading() implements KeyView {}

    /** @param atHand the bytes are there for one installation */
    record Read(KeyFingerprint fingerprint, boolean atHand) implements KeyView {}

    /** It could not be had; it is asked for again later. */
    record Unavailable(Reason reason, String message) implements KeyView {}
}
