package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.util.List;

/** The moments between one write to the disk, or change of the kernel, and the next, at each of which a process may end. */
final class CrashPoints {

    private int passed;
    private int crashAt = -1;

    /** The process ends when it passes the point with this number, counted from 0; and not again at a later one. */
    void crashAt(int point) {
        crashAt = point;
    }

    void pass() {
        if (passed++ == crashAt) {
            throw new TestingKernel.Crash();
        }
    }

    /** How many points were passed. */
    int passed() {
        return passed;
    }

    /** The same state, with a point before and after each write. */
    DurableState around(DurableState state) {
        return new DurableState() {
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
                    pass();
                    state.write(changes);
                    pass();
                }
            }

            @Override
            public void writeKeys(List<KeyUse> uses) {
                if (!uses.isEmpty()) {
                    pass();
                    state.writeKeys(uses);
                    pass();
                }
            }
        };
    }
}
