package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import java.time.Instant;

/** One thing to do. */
public sealed interface Action {

    /** Writes down what is ours, without a change in the kernel. */
    record Write(JournalChange change) implements Action {}

    /**
     * Writes down that the SA in the kernel is ours, and which key the kernel has for it: the Secret may have another one by
     * now.
     *
     * @param added when the kernel installed it
     */
    record AdoptSa(DesiredSa sa, Instant added) implements Action {}

    /** Writes down a key that an SA may have used before the ledger was begun, so that no other gets it. */
    record WriteKey(KeyUse use) implements Action {}

    /** Reads the key from its Secret. */
    record ReadKey(DesiredSa sa) implements Action {}

    /**
     * @param key fingerprint of the key that was judged; no other may be installed
     * @param lastSequence the SA goes on after this sequence number
     */
    record InstallSa(DesiredSa sa, KeyFingerprint key, long lastSequence) implements Action {}

    /** Gives the SA in the kernel the lifetime that is wanted; all else of it stays. */
    record ChangeLifetime(DesiredSa sa) implements Action {}

    record RemoveSa(OwnedSa sa) implements Action {}

    record InstallPolicy(DesiredPolicy policy) implements Action {}

    /** Puts the policy in the place of ours with the same identity, without a moment of none. */
    record ReplacePolicy(DesiredPolicy policy) implements Action {}

    record RemovePolicy(OwnedPolicy policy) implements Action {}
}
