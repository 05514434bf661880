package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.plan.Round;

/** A round failed after it had read the kernel: what is there is known, and not all was done about it. */
public final class HalfRoundException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Round read;

    HalfRoundException(Round read, RuntimeException cause) {
        super(cause.getMessage(), cause);
        this.read = read;
    }

    /** How everything stood when it failed. */
    public Round read() {
        return read;
    }
}
