package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** A state on a disk that takes nothing more as long as the switch is on. */
public record FullDisk(DurableState state, AtomicBoolean full) implements DurableState {

    @Override
    public Journal journal() {
        return state.journal();
    }

    @Override
    public KeyLedger ledger() {
        return state.ledger();
    }

    @Override
    public KeyFingerprint fingerprint(KeyMaterial key) {
        return state.fingerprint(key);
    }

    @Override
    public void write(List<JournalChange> changes) {
        if (!changes.isEmpty()) {
            refuseIfFull();
        }
        state.write(changes);
    }

    @Override
    public void writeKeys(List<KeyUse> uses) {
        if (!uses.isEmpty()) {
            refuseIfFull();
        }
        state.writeKeys(uses);
    }

    private void refuseIfFull() {
        if (full.get()) {
            throw new StateException(
                    "The state folder cannot be used: No space left on device", new IOException("ENOSPC"));
        }
    }
}
