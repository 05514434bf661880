package io.ipsecxdp.agent.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final Backoff FRESH = Backoff.of(Duration.ofMillis(500), Duration.ofSeconds(3));

    @Test
    void whatDidNotFailIsDue() {
        assertThat(FRESH.isDue(Instant.MIN)).isTrue();
        assertThat(FRESH.due()).isEmpty();
    }

    @Test
    void thePauseDoublesUpToTheLongest() {
        List<Duration> pauses = new ArrayList<>();
        Backoff backoff = FRESH;
        for (int i = 0; i < 6; i++) {
            backoff = backoff.failed(NOON);
            pauses.add(Duration.between(NOON, backoff.due().orElseThrow()));
        }

        assertThat(pauses).extracting(Duration::toMillis).containsExactly(500L, 1000L, 2000L, 3000L, 3000L, 3000L);
        assertThat(backoff.failures()).isEqualTo(6);
    }

    @Test
    void aThousandFailuresMakeNoShorterPause() {
        Backoff backoff = FRESH;
        for (int i = 0; i < 1000; i++) {
            backoff = backoff.failed(NOON);
        }
        assertThat(backoff.due()).contains(NOON.plusSeconds(3));
    }

    @Test
    void itIsDueAtTheEndOfThePauseAndNotBefore() {
        Backoff backoff = FRESH.failed(NOON);

        assertThat(backoff.isDue(NOON.plusMillis(499))).isFalse();
        assertThat(backoff.isDue(NOON.plusMillis(500))).isTrue();
    }

    @Test
    void aSuccessForgetsWhatWasBefore() {
        assertThat(FRESH.failed(NOON).failed(NOON).succeeded()).isEqualTo(FRESH);
    }

    @Test
    void aPauseIsLongerThanNothing() {
        assertThatThrownBy(() -> Backoff.of(Duration.ZERO, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Backoff.of(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
