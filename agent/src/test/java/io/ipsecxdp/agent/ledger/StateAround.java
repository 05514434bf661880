package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.util.List;
import java.util.function.Consumer;

/**
 * A state whose writes are something's to do, or to fail.
 *
 * @param around gets each write that writes something
 */
public record StateAround(DurableState state, Consumer<Runnable> around) implements DurableState {

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
            around.accept(() -> state.write(changes));
        }
    }

    @Override
    public void writeKeys(List<KeyUse> uses) {
        if (!uses.isEmpty()) {
            around.accept(() -> state.writeKeys(uses));
        }
    }

    @Override
    public void forgetKeys(List<KeyUse> uses) {
        state.forgetKeys(uses);
    }
}
