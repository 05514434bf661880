package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ThrottleTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final Throttle<Long> throttle = new Throttle<>(count -> count == 0);

    private long showAfter(int seconds, long newest) {
        return throttle.show(newest, START.plusSeconds(seconds));
    }

    @Test
    void theFirstThatCountSomethingAreShownAtOnce() {
        assertThat(showAfter(0, 0)).isZero();
        assertThat(showAfter(1, 5)).isEqualTo(5);
    }

    @Test
    void thenOnceAMinute() {
        showAfter(0, 5);
        assertThat(showAfter(59, 6)).isEqualTo(5);
        assertThat(showAfter(60, 7)).isEqualTo(7);
        assertThat(showAfter(119, 8)).isEqualTo(7);
    }

    @Test
    void whatStoodStillForLongIsShownWhenItMoves() {
        showAfter(0, 5);
        showAfter(600, 5);
        assertThat(showAfter(601, 6)).isEqualTo(6);
        assertThat(showAfter(602, 7)).isEqualTo(6);
    }
}
