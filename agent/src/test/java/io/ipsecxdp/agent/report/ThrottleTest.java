package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ThrottleTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final Throttle<Long> throttle = new Throttle<>(count -> new StatusFigures(Map.of("packets", count)));

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
        assertThat(showAfter(119, 9)).isEqualTo(7);
    }

    @Test
    void whatStoodStillForLongIsShownWhenItMoves() {
        showAfter(0, 5);
        showAfter(600, 5);
        assertThat(showAfter(601, 6)).isEqualTo(6);
        assertThat(showAfter(602, 9)).isEqualTo(6);
    }

    @Test
    void whatChangedLittleIsNotShown() {
        showAfter(0, 100);
        assertThat(showAfter(600, 119)).isEqualTo(100);
        assertThat(showAfter(1_200, 120)).isEqualTo(120);
        assertThat(showAfter(1_800, 97)).isEqualTo(120);
        assertThat(showAfter(2_400, 96)).isEqualTo(96);
    }

    /** A node that has steered for a day is written about as often in its second day as in the four hours before. */
    @Test
    void evenTrafficIsToldEverMoreSeldom() {
        assertThat(changes(1, 24 * 60)).isLessThan(40);
        assertThat(changes(24 * 60, 48 * 60)).isLessThan(5);
    }

    private long changes(int from, int to) {
        long changes = 0;
        for (int minute = from; minute < to; minute++) {
            long before = showAfter((minute - 1) * 60, (minute - 1) * 1_000L);
            changes += showAfter(minute * 60, minute * 1_000L) == before ? 0 : 1;
        }
        return changes;
    }
}
