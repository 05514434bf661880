package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.util.List;

/**
 * What an agent must know after a crash: which entries of the kernel are its own, and what every key was used for. For one
 * thread at a time.
 *
 * <p>Writing throws {@link StateException} if the disk does not do as told; nothing is changed then, here or there.
 */
public interface DurableState {

    Journal journal();

    KeyLedger ledger();

    /** What stands for the key in journal and ledger. */
    KeyFingerprint fingerprint(KeyMaterial key);

    /** Records what is ours; returns when the disk has it. */
    void write(List<JournalChange> changes);

    /** Records what keys are used for, as far as it is not recorded already; returns when the disk has it. */
    void writeKeys(List<KeyUse> uses);

    /**
     * Forgets what keys were used for that nobody can have again. The disk does so when it needs the room, so they may be there
     * after a restart.
     *
     * @param uses each as it is recorded
     */
    void forgetKeys(List<KeyUse> uses);
}
