package io.ipsecxdp.agent.time;

import java.time.Duration;
import java.time.Instant;

/**
 * What is told of for a while after it happened last.
 *
 * @param <T> what is told
 */
public record Recent<T>(T what, Instant last) {

    /** So long after the last time it is told of. */
    public static final Duration TOLD_FOR = Duration.ofMinutes(5);

    public boolean isOver(Instant now) {
        return now.isAfter(last.plus(TOLD_FOR));
    }
}
