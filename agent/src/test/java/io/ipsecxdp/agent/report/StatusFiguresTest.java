package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StatusFiguresTest {

    private static boolean differ(Map<String, Long> told, Map<String, Long> now) {
        return new StatusFigures(now).differMuchFrom(new StatusFigures(told));
    }

    @Test
    void oneThatBeganOrCeasedToBeZeroIsMuch() {
        assertThat(differ(Map.of("esp", 1_000L), Map.of("esp", 1_000L, "dropped", 1L)))
                .isTrue();
        assertThat(differ(Map.of("esp", 1_000L, "dropped", 1L), Map.of("esp", 1_000L, "dropped", 0L)))
                .isTrue();
        assertThat(differ(Map.of("esp", 1_000L, "dropped", 0L), Map.of("esp", 1_000L)))
                .isFalse();
    }

    @Test
    void aFifthOfOneIsMuchWhateverTheOthersDo() {
        assertThat(differ(Map.of("a", 1_000_000L, "b", 10L), Map.of("a", 1_000_001L, "b", 12L)))
                .isTrue();
        assertThat(differ(Map.of("a", 1_000_000L, "b", 10L), Map.of("a", 1_199_999L, "b", 11L)))
                .isFalse();
    }

    @Test
    void oneMoreOfFewIsMuch() {
        assertThat(differ(Map.of("dropped", 1L), Map.of("dropped", 2L))).isTrue();
        assertThat(differ(Map.of("dropped", 4L), Map.of("dropped", 4L))).isFalse();
    }

    @Test
    void countersThatNeverCountedCountNothing() {
        assertThat(new StatusFigures(Map.of("esp", 0L)).countNothing()).isTrue();
        assertThat(new StatusFigures(Map.of("esp", 1L)).countNothing()).isFalse();
    }
}
