package io.ipsecxdp.operator.write;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ConflictPauseTest {
    @Test
    void eachIsTwiceTheOneBeforeUpToALimit() {
        assertThat(Stream.iterate(ConflictPause.FIRST, ConflictPause::next)
                        .limit(8)
                        .map(pause -> pause.length(1).toMillis()))
                .containsExactly(100L, 200L, 400L, 800L, 1600L, 3200L, 5000L, 5000L);
    }

    @Test
    void theLongestIsReachedByTheSeventh() {
        assertThat(Stream.iterate(ConflictPause.FIRST, ConflictPause::next)
                        .limit(8)
                        .map(ConflictPause::isLongest))
                .containsExactly(false, false, false, false, false, false, true, true);
    }

    @Test
    void chanceTakesUpToHalfOfItAway() {
        assertThat(ConflictPause.FIRST.length(0)).isEqualTo(Duration.ofMillis(50));
        assertThat(ConflictPause.FIRST.length(0.5)).isEqualTo(Duration.ofMillis(75));
    }
}
