package io.ipsecxdp.agent.report;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Lets counters through once a minute, and the first that count something at once. For one thread.
 *
 * @param <T> the counters
 */
final class Throttle<T> {

    private static final Duration PAUSE = Duration.ofMinutes(1);

    private final Predicate<T> countsNothing;
    private Optional<T> shown = Optional.empty();
    private Instant since = Instant.MIN;

    Throttle(Predicate<T> countsNothing) {
        this.countsNothing = countsNothing;
    }

    /** What is to be shown now, given the newest. */
    T show(T newest, Instant now) {
        boolean first = shown.isEmpty() || shown.filter(countsNothing).isPresent();
        if (first || !now.isBefore(since.plus(PAUSE))) {
            if (!shown.equals(Optional.of(newest))) {
                since = now;
            }
            shown = Optional.of(newest);
        }
        return shown.get();
    }
}
