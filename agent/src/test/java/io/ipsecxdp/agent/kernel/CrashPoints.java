package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.StateAround;

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
        return new StateAround(state, write -> {
            pass();
            write.run();
            pass();
        });
    }
}
