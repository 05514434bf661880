package io.ipsecxdp.agent.ledger;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A disk that takes nothing more as long as the switch is on. */
public final class FullDisk {
    private FullDisk() {}

    public static DurableState under(DurableState state, AtomicBoolean full) {
        return new StateAround(state, write -> {
            if (full.get()) {
                throw new StateException(
                        "The state folder cannot be used: No space left on device", new IOException("ENOSPC"));
            }
            write.run();
        });
    }
}
