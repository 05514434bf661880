package io.ipsecxdp.agent.steering;

import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * Moves SAs without an owner from a hot CPU to an idle one. What moves is a bucket of the indirection table, one at a
 * time; an SA with an owner goes past that table, so it is never moved.
 *
 * <p>Why it comes to rest: a bucket moves only if it is at most {@value #LARGEST_SHARE} of the gap between the two CPUs,
 * so each move lowers the sum of the squares of the CPUs' loads. Under constant load that sum never rises and there are
 * finitely many tables, so no table comes twice.
 *
 * <p>Order within an SA: what waits in the old CPU's queue when its bucket moves may be overtaken by what follows on the
 * new one, hence by at most as many packets as that queue holds. Its size is to stay below the replay window (queueSize of
 * the SteeringPolicy says so), then no packet is refused.
 *
 * @param moved buckets that go to another CPU than the hash says, to that CPU
 * @param hot the CPU that was too busy, and for how many intervals in a row
 */
record Rebalance(SortedMap<Integer, Integer> moved, Optional<Hot> hot) {

    /** A CPU is hot from so many times the mean load on, and idle up to so much of it. */
    static final double HOT = 1.25;

    static final double IDLE = 0.8;

    /** So many intervals in a row must show the same hot CPU. */
    static final int PATIENCE = 3;

    /** With less load in an interval there is nothing to relieve anybody of. */
    static final long LEAST_PACKETS = 1000;

    static final double LARGEST_SHARE = 0.75;

    static final Rebalance NONE = new Rebalance(new TreeMap<>(), Optional.empty());

    record Hot(int cpu, int intervals) {}

    /**
     * What was counted in an interval.
     *
     * @param cpus of the policy
     * @param packetsOfCpu handed to each CPU, of all SAs
     * @param packetsOfBucket steered by the table, by bucket; buckets without a packet may be left out
     * @param hashed the CPU to which the hash alone leads each of these buckets
     */
    record Interval(
            SortedSet<Integer> cpus,
            Map<Integer, Long> packetsOfCpu,
            Map<Integer, Long> packetsOfBucket,
            Map<Integer, Integer> hashed) {}

    Rebalance {
        moved = Collections.unmodifiableSortedMap(new TreeMap<>(moved));
    }

    /** What is to be after an interval: the same table, or one in which one bucket more, or one less, is moved. */
    Rebalance after(Interval interval) {
        Rebalance here = on(interval.cpus());
        if (interval.cpus().size() < 2) {
            return new Rebalance(here.moved, Optional.empty());
        }
        long sum =
                interval.cpus().stream().mapToLong(cpu -> load(interval, cpu)).sum();
        double mean = (double) sum / interval.cpus().size();
        Comparator<Integer> byLoad = Comparator.comparingLong(cpu -> load(interval, cpu));
        int busiest = Collections.max(interval.cpus(), byLoad);
        int laziest = Collections.min(interval.cpus(), byLoad);
        boolean unfair =
                sum >= LEAST_PACKETS && load(interval, busiest) > HOT * mean && load(interval, laziest) < IDLE * mean;
        if (!unfair) {
            return new Rebalance(here.moved, Optional.empty());
        }
        int intervals = here.hot
                .filter(was -> was.cpu() == busiest)
                .map(was -> was.intervals() + 1)
                .orElse(1);
        if (intervals < PATIENCE) {
            return new Rebalance(here.moved, Optional.of(new Hot(busiest, intervals)));
        }
        // Patience begins anew, so that the next interval is one that shows what this move did
        return here.bucketToMove(interval, busiest, load(interval, busiest) - load(interval, laziest))
                .map(bucket -> here.with(bucket, laziest, interval.hashed().get(bucket)))
                .orElseGet(() -> new Rebalance(here.moved, Optional.empty()));
    }

    /** Without what was moved to CPUs that the policy does not have any more. */
    Rebalance on(Set<Integer> cpus) {
        SortedMap<Integer, Integer> still = new TreeMap<>(moved);
        still.values().retainAll(new HashSet<>(cpus));
        return new Rebalance(still, hot);
    }

    private Optional<Integer> bucketToMove(Interval interval, int from, long gap) {
        return interval.packetsOfBucket().entrySet().stream()
                .filter(bucket -> bucket.getValue() > 0 && bucket.getValue() <= LARGEST_SHARE * gap)
                .filter(bucket -> cpuOf(bucket.getKey(), interval) == from)
                .min(Comparator.comparingDouble(
                                (Map.Entry<Integer, Long> bucket) -> Math.abs(bucket.getValue() - gap / 2.0))
                        .thenComparing(Map.Entry::getKey))
                .map(Map.Entry::getKey);
    }

    private int cpuOf(int bucket, Interval interval) {
        return moved.getOrDefault(bucket, interval.hashed().get(bucket));
    }

    private Rebalance with(int bucket, int cpu, int hashed) {
        SortedMap<Integer, Integer> now = new TreeMap<>(moved);
        if (cpu == hashed) {
            now.remove(bucket);
        } else {
            now.put(bucket, cpu);
        }
        return new Rebalance(now, Optional.empty());
    }

    private static long load(Interval interval, int cpu) {
        return interval.packetsOfCpu().getOrDefault(cpu, 0L);
    }
}
