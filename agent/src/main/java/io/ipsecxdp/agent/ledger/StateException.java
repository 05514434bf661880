package io.ipsecxdp.agent.ledger;

/** The state folder cannot be used. The message is a sentence that says what to do. */
public final class StateException extends RuntimeException {

    StateException(String message) {
        super(message);
    }

    StateException(String message, Throwable cause) {
        super(message, cause);
    }
}
