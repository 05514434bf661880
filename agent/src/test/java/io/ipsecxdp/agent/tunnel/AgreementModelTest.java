package io.ipsecxdp.agent.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Whatever happens, in whatever order: no packet is sent by an SA that the receiver lacks, unless that lost it to a reboot or a
 * flush; no key is used twice; none is wiped that is needed; and when things go well again, all agree. Each schedule has a
 * number, by which one that fails is played again: {@code -Dtunnel.first=NUMBER -Dtunnel.schedules=1}.
 */
class AgreementModelTest {
    private static final int SCHEDULES = Integer.getInteger("tunnel.schedules", 10_000);
    private static final long FIRST = Long.getLong("tunnel.first", 0);
    private static final int STEPS = 120;

    @Test
    void noScheduleLosesAPacketOrUsesAKeyTwice() {
        AtomicInteger rekeys = new AtomicInteger();
        AtomicInteger packets = new AtomicInteger();
        AtomicInteger played = new AtomicInteger();
        OptionalLong failed = LongStream.range(FIRST, FIRST + SCHEDULES)
                .parallel()
                .filter(seed -> {
                    ModelledCluster cluster = play(seed, false);
                    played.incrementAndGet();
                    rekeys.addAndGet(cluster.rekeys);
                    packets.addAndGet(cluster.packets);
                    return !cluster.violations.isEmpty();
                })
                .findFirst();
        System.out.printf(
                "played %,d schedules of tunnels from number %d on, with %,d rekeys and %,d packets%n",
                played.get(), FIRST, rekeys.get(), packets.get());
        failed.ifPresent(seed -> {
            ModelledCluster again = play(seed, true);
            assertThat(again.violations)
                    .as("schedule %d: %s", seed, again.story())
                    .isEmpty();
        });
        assertThat(played.get()).isEqualTo(SCHEDULES);
        assertThat(rekeys.get()).as("rekeys").isGreaterThan(SCHEDULES);
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
