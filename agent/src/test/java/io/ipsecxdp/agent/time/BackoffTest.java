package io.ipsecxdp.agent.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final Backoff backoff = Backoff.between(Duration.ofSeconds(1), Duration.ofSeconds(5));

    @Test
    void eachPauseIsTwiceTheOneBeforeUpToTheLongest() {
        List<Duration> pauses = new ArrayList<>();
        Backoff failing = backoff;
        for (int i = 0; i < 5; i++) {
            failing = failing.failed(NOW);
            pauses.add(Duration.between(NOW, failing.due().orElseThrow()));
        }
        assertThat(pauses).extracting(Duration::toSeconds).containsExactly(1L, 2L, 4L, 5L, 5L);
    }

    @Test
    void whatDidNotFailIsDueAtOnceAndWhatFailedAtItsTime() {
        assertThat(backoff.isDue(NOW)).isTrue();
        Backoff failed = backoff.failed(NOW);
        assertThat(failed.isDue(NOW.plusMillis(999))).isFalse();
        assertThat(failed.isDue(NOW.plusSeconds(1))).isTrue();
    }

    @Test
    void aSuccessMakesTheNextFailureAFirstOne() {
        assertThat(backoff.failed(NOW).failed(NOW).succeeded()).isEqualTo(backoff);
    }

    @Test
    void aPauseIsPositiveAndTheLongestIsNotTheShorter() {
        assertThatThrownBy(() -> Backoff.between(Duration.ZERO, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Backoff.between(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
