package io.ipsecxdp.operator.write;

import java.time.Duration;

/**
 * How long to wait after a write that met another version than the one that was decided upon. The informers have by then
 * what it met; as long as they do not, each pause is twice the one before.
 *
 * @param longest it is at least half of that
 */
public record ConflictPause(Duration longest) {
    public static final ConflictPause FIRST = new ConflictPause(Duration.ofMillis(100));

    private static final Duration LIMIT = Duration.ofSeconds(5);

    /** Whether the informers have had time for what was met, many times over. */
    public boolean isLongest() {
        return longest.equals(LIMIT);
    }

    /** The one after it. */
    public ConflictPause next() {
        var doubled = longest.multipliedBy(2);
        return new ConflictPause(doubled.compareTo(LIMIT) < 0 ? doubled : LIMIT);
    }

    /** @param random from 0 to 1, so that two that met do not meet again */
    public Duration length(double random) {
        return Duration.ofNanos(Math.round(longest.toNanos() * (1 + random) / 2));
    }
}
