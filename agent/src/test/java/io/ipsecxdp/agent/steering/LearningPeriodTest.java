package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.UnknownSpiAction;
import io.ipsecxdp.crds.XdpMode;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class LearningPeriodTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private final LearningPeriod learning = new LearningPeriod();

    private static SteeringRequest request(UnknownSpiAction action) {
        return new SteeringRequest(
                "eth0",
                new PlannedSteering(
                        "a",
                        "uid-a",
                        1L,
                        List.of("eth0"),
                        "0",
                        2048,
                        XdpMode.Auto,
                        null,
                        null,
                        null,
                        null,
                        null,
                        action,
                        60,
                        null,
                        null,
                        null),
                "s");
    }

    @Test
    void thePeriodBeginsWhenDroppingIsFirstWanted() {
        assertThat(learning.done(List.of(request(UnknownSpiAction.Count)), NOON))
                .isEmpty();
        assertThat(learning.done(List.of(request(UnknownSpiAction.Drop)), NOON.plusSeconds(100)))
                .isEmpty();
        assertThat(learning.done(List.of(request(UnknownSpiAction.Drop)), NOON.plusSeconds(159)))
                .isEmpty();
        assertThat(learning.done(List.of(request(UnknownSpiAction.Drop)), NOON.plusSeconds(160)))
                .hasSize(1);
    }

    @Test
    void whoStopsWantingItLearnsAnew() {
        learning.done(List.of(request(UnknownSpiAction.Drop)), NOON);
        learning.done(List.of(request(UnknownSpiAction.Pass)), NOON.plusSeconds(50));

        assertThat(learning.done(List.of(request(UnknownSpiAction.Drop)), NOON.plusSeconds(61)))
                .isEmpty();
    }
}
