package io.ipsecxdp.bpf.jna;

import java.util.concurrent.atomic.AtomicBoolean;

/** An open file descriptor of a BPF program, map or link. Closed once, and never used after that. */
public final class Fd implements AutoCloseable {
    private final int number;
    private final AtomicBoolean closed = new AtomicBoolean();

    Fd(int number) {
        this.number = number;
    }

    /**
     * The descriptor's number, valid while this object is open.
     *
     * @throws IllegalStateException if it was closed
     */
    int number() {
        if (closed.get()) {
            throw new IllegalStateException("file descriptor " + number + " was closed");
        }
        return number;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            LibC.close(number);
        }
    }
}
