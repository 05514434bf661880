package io.ipsecxdp.scrape;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.threeten.extra.MutableClock;

@Timeout(60)
class DoorkeeperTest {
    private final MutableClock clock = MutableClock.epochUTC();
    private final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    private final CountDownLatch apiServer = new CountDownLatch(1);
    private final Map<String, Access> answers =
            Map.of("good", Access.ALLOWED, "poor", Access.FORBIDDEN, "old", Access.UNKNOWN, "away", Access.UNDECIDED);
    private final Doorkeeper doorkeeper = new Doorkeeper(this::review, clock);

    private Access review(String token) {
        asked.add(token);
        if (token.startsWith("slow")) {
            try {
                apiServer.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return Optional.ofNullable(answers.get(token)).orElseThrow();
    }

    @AfterEach
    void end() {
        apiServer.countDown();
        doorkeeper.close();
    }

    @Test
    void withoutAHeaderNobodyIsAsked() {
        assertThat(doorkeeper.decide(Optional.empty()).join()).isEqualTo(Access.UNKNOWN);
        assertThat(asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Bearer",
                "Bearer ",
                "good",
                "Basic good",
                "Bearer go od",
                "Bearer good\u00e4",
                "Bearer =",
                "Bearergood"
            })
    void whatIsNoTokenIsNotAskedAbout(String header) {
        assertThat(doorkeeper.decide(Optional.of(header)).join()).isEqualTo(Access.UNKNOWN);
        assertThat(asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer good", "bearer good", "BEARER   good "})
    void theNameOfTheSchemeIsInAnyCase(String header) {
        assertThat(doorkeeper.decide(Optional.of(header)).join()).isEqualTo(Access.ALLOWED);
        assertThat(asked).containsExactly("good");
    }

    @Test
    void whoWasAllowedIsAskedAboutOnceAMinute() {
        for (int seconds = 0; seconds < 120; seconds += 15) {
            assertThat(decide("good")).isEqualTo(Access.ALLOWED);
            clock.add(Duration.ofSeconds(15));
        }

        assertThat(asked).containsExactly("good", "good");
    }

    @Test
    void whatWasRefusedIsAskedAboutEachTime() {
        for (String token : List.of("poor", "old", "away")) {
            assertThat(decide(token)).isEqualTo(answers.get(token));
            assertThat(decide(token)).isEqualTo(answers.get(token));
        }

        assertThat(asked).containsExactly("poor", "poor", "old", "old", "away", "away");
    }

    @Test
    void whatFailsAllowsNobody() {
        assertThat(decide("unforeseen")).isEqualTo(Access.UNDECIDED);
    }

    @Test
    void twoQuestionsAreUnderWaySixteenWaitAndTheRestIsTurnedAwayAtOnce() {
        List<CompletableFuture<Access>> all = IntStream.range(0, 30)
                .mapToObj(i -> doorkeeper.decide(Optional.of("Bearer slow" + i)))
                .toList();

        assertThat(all)
                .filteredOn(CompletableFuture::isDone)
                .hasSize(30 - 2 - 16)
                .allSatisfy(turnedAway -> assertThat(turnedAway.join()).isEqualTo(Access.UNDECIDED));
    }

    @Test
    void whoWasAllowedIsLetInWhileTheApiServerHangs() {
        assertThat(decide("good")).isEqualTo(Access.ALLOWED);
        IntStream.range(0, 30).forEach(i -> doorkeeper.decide(Optional.of("Bearer slow" + i)));

        assertThat(doorkeeper.decide(Optional.of("Bearer good"))).isCompletedWithValue(Access.ALLOWED);
    }

    @Test
    void anApiServerThatHangsIsNotWaitedForAsLongAsAScrape() throws Exception {
        assertThat(doorkeeper.decide(Optional.of("Bearer slow")).get(10, TimeUnit.SECONDS))
                .isEqualTo(Access.UNDECIDED);
    }

    private Access decide(String token) {
        return doorkeeper.decide(Optional.of("Bearer " + token)).join();
    }
}
