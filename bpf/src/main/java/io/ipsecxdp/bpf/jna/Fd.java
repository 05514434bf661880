package io.ipsecxdp.bpf.jna;

import io.ipsecxdp.linux.LibC;
import java.util.concurrent.atomic.AtomicBoolean;

/** An open file descriptor of a BPF program, map or link. Closed once, and never used after that. */
public final class Fd implements AutoCloseable {
    private final int number;
    private final boolean owned;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Fd(int number, boolean owned) {
        this.number = number;
        this.owned = owned;
    }

    static Fd owned(int number) {
        return new Fd(number, true);
    }

    /** A descriptor that somebody else closes, so that {@link #close} leaves it open. */
    static Fd borrowed(int number) {
        return new Fd(number, false);
    }

    /** @throws IllegalStateException if it was closed */
    int number() {
        if (closed.get()) {
            throw new IllegalStateException("file descriptor " + number + " was closed");
        }
        return number;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true) && owned) {
            LibC.close(number);
        }
    }
}
