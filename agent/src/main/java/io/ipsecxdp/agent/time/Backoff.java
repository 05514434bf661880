package io.ipsecxdp.agent.time;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When something that failed is to be tried again: after a pause that doubles with each failure in a row.
 *
 * @param first the pause after the first failure; positive
 * @param longest the pause never grows beyond it; not shorter than {@code first}
 * @param next the pause after the next failure
 * @param due not to be tried before; empty if the last attempt did not fail
 */
public record Backoff(Duration first, Duration longest, Duration next, Optional<Instant> due) {

    public Backoff {
        if (!first.isPositive() || longest.compareTo(first) < 0) {
            throw new IllegalArgumentException("A backoff from %s to %s".formatted(first, longest));
        }
    }

    /** Of something that has not failed yet. */
    public static Backoff between(Duration first, Duration longest) {
        return new Backoff(first, longest, first, Optional.empty());
    }

    /** The attempt that ended at this time failed. */
    public Backoff failed(Instant now) {
        Duration doubled = next.multipliedBy(2);
        return new Backoff(
                first, longest, doubled.compareTo(longest) < 0 ? doubled : longest, Optional.of(now.plus(next)));
    }

    /** The last attempt did not fail: the next failure is a first one. */
    public Backoff succeeded() {
        return between(first, longest);
    }

    /** Whether it may be tried at this time. */
    public boolean isDue(Instant now) {
        return due.filter(now::isBefore).isEmpty();
    }
}
