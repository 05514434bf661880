package io.ipsecxdp.agent.kernel;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Keys that arrive shortly after each other are installed in one round, so that a thousand SAs are not a thousand rounds.
 * For one thread.
 */
final class KeyBatch {

    static final Duration SHORTEST = Duration.ofMillis(100);

    /** Well below the time for which a key that nothing installs is held. */
    static final Duration LONGEST = Duration.ofSeconds(1);

    private Duration collected = SHORTEST;
    private Optional<Instant> until = Optional.empty();

    /** A key arrived: a batch begins, unless one has begun already. */
    void keyArrived(Instant now) {
        until = until.or(() -> Optional.of(now.plus(collected)));
    }

    /**
     * When the keys that arrived are to be installed; empty if none did.
     *
     * @param more whether other keys are being read, for which the batch waits
     */
    Optional<Instant> due(boolean more) {
        return until.map(end -> more ? end : end.minus(collected));
    }

    /** A round installed what had arrived. The next batch is collected for as long as that took, within bounds. */
    void installed(Duration roundTook) {
        until = Optional.empty();
        collected =
                roundTook.compareTo(SHORTEST) < 0 ? SHORTEST : roundTook.compareTo(LONGEST) > 0 ? LONGEST : roundTook;
    }
}
