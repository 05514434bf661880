package io.ipsecxdp.agent.time;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When something that failed is to be tried again: after a pause that doubles with each failure.
 *
 * @param first the pause after the first failure
 * @param longest the pause never grows beyond it
 * @param failures without a success in between
 * @param due not to be tried before; empty if it did not fail
 */
public record Backoff(Duration first, Duration longest, int failures, Optional<Instant> due) {

    /** So often doubled, a millisecond is more than a week. */
    private static final int MOST_DOUBLINGS = 30;

    public Backoff {
        if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0) {
            throw new IllegalArgumentException("A pause is longer than nothing, and none is longer than the longest");
        }
    }

    /** Of something that did not fail yet. */
    public static Backoff of(Duration first, Duration longest) {
        return new Backoff(first, longest, 0, Optional.empty());
    }

    public Backoff failed(Instant now) {
        Duration pause = first.multipliedBy(1L << Math.min(failures, MOST_DOUBLINGS));
        return new Backoff(
                first, longest, failures + 1, Optional.of(now.plus(pause.compareTo(longest) < 0 ? pause : longest)));
    }

    public Backoff succeeded() {
        return of(first, longest);
    }

    public boolean isDue(Instant now) {
        return due.filter(now::isBefore).isEmpty();
    }
}
