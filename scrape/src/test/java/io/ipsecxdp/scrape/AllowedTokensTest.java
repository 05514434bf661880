package io.ipsecxdp.scrape;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.threeten.extra.MutableClock;

class AllowedTokensTest {
    private final MutableClock clock = MutableClock.epochUTC();
    private final AllowedTokens allowed = new AllowedTokens(clock);

    @Test
    void aTokenIsKnownForAMinuteFromTheQuestionOn() {
        var asked = clock.instant();
        clock.add(Duration.ofSeconds(10));
        allowed.add("a", asked);

        clock.add(Duration.ofSeconds(49));
        assertThat(allowed.contains("a")).isTrue();
        assertThat(allowed.contains("b")).isFalse();
        clock.add(Duration.ofSeconds(1));
        assertThat(allowed.contains("a")).isFalse();
    }

    @Test
    void aClockThatIsSetBackProlongsNothing() {
        allowed.add("a", clock.instant());
        clock.add(Duration.ofDays(-1));

        assertThat(allowed.contains("a")).isFalse();
    }

    @Test
    void thereIsRoomForSixteenAndTheOldestGoes() {
        for (int i = 0; i <= AllowedTokens.MOST; i++) {
            clock.add(Duration.ofSeconds(1));
            allowed.add("token-" + i, clock.instant());
        }

        assertThat(allowed.contains("token-0")).isFalse();
        for (int i = 1; i <= AllowedTokens.MOST; i++) {
            assertThat(allowed.contains("token-" + i)).isTrue();
        }
    }

    @Test
    void aTokenThatIsAllowedAgainTakesNoRoomOfOthers() {
        for (int i = 0; i < AllowedTokens.MOST; i++) {
            allowed.add("token-" + i, clock.instant());
        }
        allowed.add("token-3", clock.instant());

        for (int i = 0; i < AllowedTokens.MOST; i++) {
            assertThat(allowed.contains("token-" + i)).isTrue();
        }
    }
}
