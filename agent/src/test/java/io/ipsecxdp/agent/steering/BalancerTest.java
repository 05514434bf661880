package io.ipsecxdp.agent.steering;

import static io.ipsecxdp.agent.steering.CountersOf.queue;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.HashCpus;
import io.ipsecxdp.bpf.QueueCount;
import io.ipsecxdp.bpf.SteeringConfig;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BalancerTest {

    private static final Set<Integer> CPUS = Set.of(0, 1);
    private static final SteeringConfig ADAPTIVE = SteeringConfig.of(CPUS, 2048).withCountBuckets(true);
    private static final long INTERVAL = Balancer.INTERVAL.toSeconds();

    private final Balancer balancer = new Balancer();
    private final Instant now = Instant.parse("2026-01-01T00:00:00Z");

    /** Two buckets of CPU 0 with a thousand packets per second each, and nothing for CPU 1. */
    private static Balancer.Load after(long seconds) {
        List<Integer> hot = hot();
        List<Long> buckets = new ArrayList<>(
                LongStream.range(0, HashCpus.BUCKETS).map(bucket -> 0).boxed().toList());
        hot.forEach(bucket -> buckets.set(bucket, 1000 * seconds));
        List<QueueCount> queues = List.of(queue(2000 * seconds, 0), queue(0, 0));
        return new Balancer.Load(buckets, queues);
    }

    private static List<Integer> hot() {
        HashCpus hash = HashCpus.over(ADAPTIVE.cpus());
        return IntStream.range(0, HashCpus.BUCKETS)
                .filter(bucket -> hash.cpuOfBucket(bucket) == 0)
                .limit(2)
                .boxed()
                .toList();
    }

    private void lookEvery(long seconds, int times, SteeringConfig config) {
        for (int i = 0; i < times; i++) {
            long elapsed = i * seconds;
            balancer.look("eth0", () -> after(elapsed), config, now.plusSeconds(elapsed));
        }
    }

    @Test
    void oneBucketOfACpuThatStaysHotMovesToTheIdleOne() {
        lookEvery(INTERVAL, Rebalance.PATIENCE + 1, ADAPTIVE);

        assertThat(balancer.moved().get("eth0")).hasSize(1).satisfies(moved -> {
            assertThat(hot()).containsAll(moved.keySet());
            assertThat(moved).containsValue(1);
        });
    }

    @Test
    void nothingMovesBeforeTheCpuWasHotForSomeIntervals() {
        lookEvery(INTERVAL, Rebalance.PATIENCE, ADAPTIVE);

        assertThat(balancer.moved()).isEqualTo(Map.of("eth0", new TreeMap<>()));
    }

    @Test
    void itLooksOnceAnInterval() {
        List<Long> looks = new ArrayList<>();
        for (long second = 0; second <= 2 * INTERVAL; second++) {
            long elapsed = second;
            balancer.look(
                    "eth0",
                    () -> {
                        looks.add(elapsed);
                        return after(elapsed);
                    },
                    ADAPTIVE,
                    now.plusSeconds(elapsed));
        }

        assertThat(looks).containsExactly(0L, INTERVAL, 2 * INTERVAL);
    }

    @Test
    void whatIsNotAdaptiveIsNotLookedAtAndForgotten() {
        lookEvery(INTERVAL, Rebalance.PATIENCE + 1, ADAPTIVE);

        balancer.look(
                "eth0",
                () -> {
                    throw new AssertionError("looked at");
                },
                SteeringConfig.of(CPUS, 2048),
                now);

        assertThat(balancer.moved()).isEmpty();
    }

    @Test
    void anInterfaceThatIsNotSteeredAnyMoreIsForgotten() {
        lookEvery(INTERVAL, 2, ADAPTIVE);

        balancer.retain(Set.of("eth1"));

        assertThat(balancer.moved()).isEmpty();
    }
}
