package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DefaultRoutesTest {

    private static final Instant START = Instant.EPOCH;
    private static final Duration ALMOST = DefaultRoutes.PATIENCE.minusMillis(1);

    private final DefaultRoutes routes = new DefaultRoutes();

    @Test
    void aSteeredInterfaceIsKeptForAWhileAfterItsRouteWent() {
        assertThat(routes.at(Set.of(2), Set.of(), START)).containsExactly(2);
        assertThat(routes.at(Set.of(), Set.of(2), START.plus(ALMOST))).containsExactly(2);
        assertThat(routes.at(Set.of(), Set.of(2), START.plus(DefaultRoutes.PATIENCE)))
                .isEmpty();
        assertThat(routes.at(Set.of(), Set.of(2), START.plus(DefaultRoutes.PATIENCE)))
                .isEmpty();
    }

    @Test
    void aRouteThatComesBackBeginsTheWaitAnew() {
        routes.at(Set.of(2), Set.of(), START);
        routes.at(Set.of(2), Set.of(2), START.plus(ALMOST));

        assertThat(routes.at(Set.of(), Set.of(2), START.plus(ALMOST).plus(ALMOST)))
                .containsExactly(2);
    }

    @Test
    void whatIsNotSteeredIsNotWaitedFor() {
        routes.at(Set.of(2), Set.of(), START);

        assertThat(routes.at(Set.of(3), Set.of(), START)).containsExactly(3);
    }

    @Test
    void anAgentThatStartsWaitsForWhatAnEarlierOneSteered() {
        assertThat(routes.at(Set.of(), Set.of(2), START)).containsExactly(2);
        assertThat(routes.at(Set.of(), Set.of(2), START.plus(DefaultRoutes.PATIENCE)))
                .isEmpty();
    }
}
