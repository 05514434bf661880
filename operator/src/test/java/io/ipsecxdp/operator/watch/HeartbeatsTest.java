package io.ipsecxdp.operator.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.ipsecxdp.crds.Api;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.threeten.extra.MutableClock;

class HeartbeatsTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final int DURATION = 40;

    private final MutableClock clock = MutableClock.of(NOON, ZoneOffset.UTC);
    private final Heartbeats heartbeats = new Heartbeats(clock);

    @Test
    void anAgentLivesUntilItsLeaseExpires() {
        var lease = lease(NOON);

        assertThat(heartbeats.alive(List.of(lease)).nodes()).containsExactly("n1");
        assertThat(heartbeats.alive(List.of(lease)).nextExpiry()).contains(NOON.plusSeconds(DURATION));

        clock.add(Duration.ofSeconds(DURATION));
        assertThat(heartbeats.alive(List.of(lease)).nodes()).isEmpty();
        assertThat(heartbeats.alive(List.of(lease)).nextExpiry()).isEmpty();
    }

    @Test
    void aRenewalIsNoNews() {
        clock.add(Duration.ofSeconds(10));
        assertThat(heartbeats.isNews(lease(NOON.plusSeconds(10)), lease(NOON))).isFalse();
    }

    @Test
    void anAgentThatComesBackIsNews() {
        clock.add(Duration.ofSeconds(DURATION + 1));
        assertThat(heartbeats.isNews(lease(NOON.plusSeconds(DURATION + 1)), lease(NOON)))
                .isTrue();
    }

    @Test
    void aChangeOfTheDurationIsNews() {
        var shorter = lease(NOON);
        shorter.getSpec().setLeaseDurationSeconds(1);
        assertThat(heartbeats.isNews(shorter, lease(NOON))).isTrue();
    }

    @Test
    void anAgentWhoseClockIsBehindLivesAsLongAsItRenews() {
        var hourAgo = NOON.minus(Duration.ofHours(1));
        assertThat(heartbeats.alive(List.of(lease(hourAgo))).nodes()).isEmpty();

        assertThat(heartbeats.isNews(lease(hourAgo.plusSeconds(10)), lease(hourAgo)))
                .isTrue();
        assertThat(heartbeats.alive(List.of(lease(hourAgo.plusSeconds(10)))).nodes())
                .containsExactly("n1");
    }

    @Test
    void anAgentWhoseClockIsAheadDoesNotLiveOn() {
        var inAnHour = NOON.plus(Duration.ofHours(1));
        heartbeats.isNews(lease(inAnHour.plusSeconds(10)), lease(inAnHour));

        clock.add(Duration.ofSeconds(DURATION));
        assertThat(heartbeats.alive(List.of(lease(inAnHour.plusSeconds(10)))).nodes())
                .isEmpty();
    }

    @Test
    void theOperatorsOwnLeaseIsNoAgents() {
        var own = lease(NOON);
        own.getMetadata().setName("ipsec-xdp-operator");
        assertThat(Heartbeats.isAgents(own)).isFalse();
        assertThat(Heartbeats.isAgents(lease(NOON))).isTrue();
    }

    private static Lease lease(Instant renewed) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withName(Api.leaseName("n1"))
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity("n1")
                .withLeaseDurationSeconds(DURATION)
                .withRenewTime(renewed.atZone(ZoneOffset.UTC))
                .endSpec()
                .build();
    }
}
