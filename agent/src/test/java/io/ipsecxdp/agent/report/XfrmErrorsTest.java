package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.time.Recent;
import io.ipsecxdp.crds.XfrmErrorCount;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.threeten.extra.MutableClock;

class XfrmErrorsTest {

    private final MutableClock clock = MutableClock.epochUTC();
    private final Map<String, Long> kernel = new HashMap<>(Map.of("XfrmInNoStates", 1_000L, "XfrmOutNoStates", 0L));
    private final XfrmErrors errors = new XfrmErrors(() -> kernel, clock);

    private boolean told(long noStates, long dropped) {
        kernel.put("XfrmInNoStates", noStates);
        return errors.look(dropped).unknownSpis().isPresent();
    }

    @Test
    void whatWasCountedBeforeIsShownAndNoNews() {
        XfrmErrors.Seen seen = errors.look(500);

        assertThat(seen.counters()).containsExactly(new XfrmErrorCount("XfrmInNoStates", 1_000L));
        assertThat(seen.unknownSpis()).isEmpty();
    }

    @Test
    void stragglersAreNoNews() {
        told(1_000, 0);
        assertThat(told(1_009, 0)).isFalse();
    }

    @Test
    void whatGoesOnIsToldWhetherTheKernelSawItOrXdpDroppedIt() {
        told(1_000, 0);
        assertThat(told(1_006, 4)).isTrue();
    }

    @Test
    void aTrickleIsToldAfterAWhile() {
        told(1_000, 0);
        for (int i = 1; i < 10; i++) {
            clock.add(Duration.ofMinutes(1));
            assertThat(told(1_000 + i, 0)).isFalse();
        }
        clock.add(Duration.ofMinutes(1));
        assertThat(told(1_010, 0)).isTrue();
    }

    @Test
    void itIsToldForMinutesAndThenOver() {
        told(1_000, 0);
        assertThat(told(2_000, 0)).isTrue();
        clock.add(Recent.TOLD_FOR);
        assertThat(told(2_000, 0)).isTrue();
        clock.add(Duration.ofSeconds(1));
        assertThat(told(2_000, 0)).isFalse();
        assertThat(told(2_005, 0)).isFalse();
    }

    @Test
    void aCounterThatBeginsAnewIsNoNews() {
        told(1_000, 50);
        assertThat(told(1_000, 0)).isFalse();
    }

    @Test
    void aKernelWithoutStatisticsIsSilent() {
        kernel.clear();
        assertThat(errors.look(0)).isEqualTo(new XfrmErrors.Seen(java.util.List.of(), java.util.Optional.empty()));
    }
}
