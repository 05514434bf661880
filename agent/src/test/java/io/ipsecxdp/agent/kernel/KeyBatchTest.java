package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class KeyBatchTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final KeyBatch batch = new KeyBatch();

    @Test
    void aSingleKeyIsInstalledAtOnce() {
        batch.keyArrived(NOW);
        assertThat(batch.due(false)).contains(NOW);
    }

    @Test
    void whileOthersAreReadTheFirstWaitsForThemButNotLonger() {
        batch.keyArrived(NOW);
        batch.keyArrived(NOW.plusMillis(90));
        assertThat(batch.due(true)).contains(NOW.plusMillis(100));
    }

    @Test
    void withoutAKeyNothingIsDue() {
        assertThat(batch.due(true)).isEmpty();
        batch.keyArrived(NOW);
        batch.installed(Duration.ZERO);
        assertThat(batch.due(false)).isEmpty();
    }

    @Test
    void keysAreCollectedForAsLongAsARoundTakesWithinBounds() {
        assertThat(collectedAfterARoundOf(Duration.ofMillis(1))).isEqualTo(Duration.ofMillis(100));
        assertThat(collectedAfterARoundOf(Duration.ofMillis(400))).isEqualTo(Duration.ofMillis(400));
        assertThat(collectedAfterARoundOf(Duration.ofSeconds(60))).isEqualTo(Duration.ofSeconds(1));
    }

    private Duration collectedAfterARoundOf(Duration took) {
        batch.installed(took);
        batch.keyArrived(NOW);
        return Duration.between(NOW, batch.due(true).orElseThrow());
    }
}
