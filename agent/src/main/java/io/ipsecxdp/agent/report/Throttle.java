package io.ipsecxdp.agent.report;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/**
 * Lets counters through where they changed much, and once a minute at most; the first that count something at once. For
 * one thread.
 *
 * @param <T> the counters
 */
final class Throttle<T> {

    private static final Duration PAUSE = Duration.ofMinutes(1);

    private final Function<T, StatusFigures> figures;
    private Optional<T> shown = Optional.empty();
    private Instant since = Instant.MIN;

    /** @param figures by which it is told whether they changed much */
    Throttle(Function<T, StatusFigures> figures) {
        this.figures = figures;
    }

    /** What is to be shown now, given the newest. */
    T show(T newest, Instant now) {
        boolean first = shown.map(figures).filter(told -> !told.countNothing()).isEmpty();
        boolean due = !now.isBefore(since.plus(PAUSE));
        if (shown.isEmpty() || (first || due) && isNews(newest)) {
            since = now;
            shown = Optional.of(newest);
        }
        return shown.get();
    }

    private boolean isNews(T newest) {
        return shown.map(figures)
                .filter(told -> !figures.apply(newest).differMuchFrom(told))
                .isEmpty();
    }
}
