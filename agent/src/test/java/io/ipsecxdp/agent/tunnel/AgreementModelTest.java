package io.ipsecxdp.agent.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Whatever happens, in whatever order: no packet is sent by an SA that the receiver lacks, unless that lost it to a reboot or a
 * flush; no key is used twice; none is wiped that is needed; and when things go well again, all agree. Each schedule has a
 * number, by which one that fails is played again.
 */
class AgreementModelTest {
    private static final int SCHEDULES = Integer.getInteger("tunnel.schedules", 10_000);
    private static final long FIRST = Long.getLong("tunnel.first", 0);
    private static final int STEPS = 120;

    @Test
    void noScheduleLosesAPacketOrUsesAKeyTwice() {
        LongStream.range(FIRST, FIRST + SCHEDULES)
                .parallel()
                .filter(seed -> !play(seed, false).violations.isEmpty())
                .boxed()
                .findAny()
                .ifPresent(seed -> {
                    ModelledCluster again = play(seed, true);
                    assertThat(again.violations)
                            .as("schedule %d: %s", seed, again.story())
                            .isEmpty();
                });
    }

    private static ModelledCluster play(long seed, boolean telling) {
        ModelledCluster cluster = new ModelledCluster(seed, telling);
        for (int i = 0; i < STEPS && cluster.violations.isEmpty(); i++) {
            cluster.step();
        }
        if (cluster.violations.isEmpty()) {
            cluster.settle();
            cluster.assertSettled();
        }
        return cluster;
    }
}
