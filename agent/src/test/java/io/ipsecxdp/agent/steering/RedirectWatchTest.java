package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.NetDevice;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedirectWatchTest {

    private static final NetDevice ETH0 = new NetDevice("eth0", 2);
    private static final NetDevice ETH1 = new NetDevice("eth1", 3);

    private final RedirectWatch watch = new RedirectWatch();
    private Instant now = Instant.EPOCH;

    private void look(NetDevice device, long redirected, long arrived, Duration later) {
        now = now.plus(later);
        watch.look(device, redirected, arrived, 0, now);
    }

    @Test
    void packetsOfWhichNoneArriveAreLost() {
        look(ETH0, 100, 90, Duration.ZERO);
        look(ETH0, 1_100, 90, RedirectWatch.LONG_ENOUGH);

        assertThat(watch.lost()).isEqualTo(Map.of(ETH0, 1_000L));
    }

    @Test
    void aFewPacketsAtATimeAreSeenToBeLostInTheEnd() {
        look(ETH0, 0, 0, Duration.ZERO);
        look(ETH0, RedirectWatch.ENOUGH - 1, 0, Duration.ofSeconds(10));
        assertThat(watch.lost()).isEmpty();
        look(ETH0, RedirectWatch.ENOUGH, 0, Duration.ofSeconds(10));

        assertThat(watch.lost()).isEqualTo(Map.of(ETH0, RedirectWatch.ENOUGH));
    }

    @Test
    void oneThatArrivesIsProofThatTheyDo() {
        look(ETH0, 0, 0, Duration.ZERO);
        look(ETH0, 1_000_000, 1, Duration.ofSeconds(10));
        look(ETH0, 2_000_000, 2, Duration.ofSeconds(10));

        assertThat(watch.lost()).isEmpty();
    }

    @Test
    void noVerdictIsGivenInAnInstant() {
        look(ETH0, 0, 0, Duration.ZERO);
        look(ETH0, 1_000, 0, RedirectWatch.LONG_ENOUGH.minusMillis(1));

        assertThat(watch.lost()).isEmpty();
    }

    @Test
    void aDriverThatSaysThatItDroppedThemIsBelievedAtOnce() {
        watch.look(ETH0, 0, 0, 7, now);
        watch.look(ETH0, 1_000, 0, 7 + RedirectWatch.ENOUGH - 1, now);
        assertThat(watch.lost()).isEmpty();
        watch.look(ETH0, 1_000, 0, 7 + RedirectWatch.ENOUGH, now);

        assertThat(watch.lost()).containsOnlyKeys(ETH0);
    }

    @Test
    void countersThatAreSetBackBeginAnew() {
        look(ETH0, 5_000, 0, Duration.ZERO);
        look(ETH0, 10, 0, Duration.ofSeconds(10));
        look(ETH0, 20, 0, Duration.ofSeconds(10));
        assertThat(watch.lost()).isEmpty();
        look(ETH0, 10 + RedirectWatch.ENOUGH, 0, Duration.ofSeconds(10));

        assertThat(watch.lost()).containsOnlyKeys(ETH0);
    }

    @Test
    void interfacesDoNotMixAndAreForgottenWhenTheyGo() {
        look(ETH0, 0, 0, Duration.ZERO);
        look(ETH1, 0, 0, Duration.ZERO);
        look(ETH0, 1_000, 0, Duration.ofSeconds(10));
        look(ETH1, 1_000, 1_000, Duration.ofSeconds(10));
        assertThat(watch.lost()).containsOnlyKeys(ETH0);

        watch.retain(List.of(ETH1));

        assertThat(watch.lost()).isEmpty();
    }
}
