package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.steering.Rebalance.Interval;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

class RebalanceTest {

    /** More than enough for any of these loads to come to rest. */
    private static final int LONG = 1500;

    /**
     * A load that does not change.
     *
     * @param buckets packets of each bucket that has SAs without an owner
     * @param owned packets of SAs with an owner, by CPU
     */
    record Load(List<Long> buckets, List<Long> owned) {

        SortedSet<Integer> cpus() {
            return new TreeSet<>(IntStream.range(0, owned.size()).boxed().toList());
        }

        int hashed(int bucket) {
            return bucket * 31 % owned.size();
        }

        Interval interval(Rebalance table) {
            Map<Integer, Long> ofCpu = new HashMap<>();
            Map<Integer, Long> ofBucket = new HashMap<>();
            Map<Integer, Integer> hashed = new HashMap<>();
            for (int cpu = 0; cpu < owned.size(); cpu++) {
                ofCpu.put(cpu, owned.get(cpu));
            }
            for (int bucket = 0; bucket < buckets.size(); bucket++) {
                ofBucket.put(bucket, buckets.get(bucket));
                hashed.put(bucket, hashed(bucket));
                ofCpu.merge(table.moved().getOrDefault(bucket, hashed(bucket)), buckets.get(bucket), Long::sum);
            }
            return new Interval(cpus(), ofCpu, ofBucket, hashed);
        }

        double squares(Rebalance table) {
            return interval(table).packetsOfCpu().values().stream()
                    .mapToDouble(packets -> (double) packets * packets)
                    .sum();
        }
    }

    @Provide
    Arbitrary<Load> loads() {
        Arbitrary<List<Long>> buckets =
                Arbitraries.longs().between(0, 100_000).list().ofMaxSize(40);
        return Arbitraries.integers()
                .between(1, 8)
                .flatMap(cpus -> Combinators.combine(
                                buckets,
                                Arbitraries.longs().between(0, 200_000).list().ofSize(cpus))
                        .as(Load::new));
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void oneBucketMovesAtATimeAndNeverMoreOftenThanPatienceAllows(@ForAll("loads") Load load) {
        Rebalance table = Rebalance.NONE;
        int sinceMove = Rebalance.PATIENCE;
        for (int i = 0; i < LONG; i++) {
            Rebalance next = table.after(load.interval(table));
            Set<Map.Entry<Integer, Integer>> changed =
                    new HashSet<>(next.moved().entrySet());
            changed.removeAll(table.moved().entrySet());
            Set<Integer> undone = new HashSet<>(table.moved().keySet());
            undone.removeAll(next.moved().keySet());
            sinceMove++;
            if (!next.moved().equals(table.moved())) {
                assertThat(changed.size() + undone.size()).isEqualTo(1);
                assertThat(sinceMove).isGreaterThanOrEqualTo(Rebalance.PATIENCE);
                sinceMove = 0;
            }
            table = next;
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void underConstantLoadEveryMoveHelpsAndNoTableComesTwice(@ForAll("loads") Load load) {
        Rebalance table = Rebalance.NONE;
        Set<Map<Integer, Integer>> seen = new HashSet<>(Set.of(Map.of()));
        for (int i = 0; i < LONG; i++) {
            Rebalance next = table.after(load.interval(table));
            if (!next.moved().equals(table.moved())) {
                assertThat(load.squares(next)).isLessThan(load.squares(table));
                assertThat(seen.add(new HashMap<>(next.moved()))).isTrue();
            }
            table = next;
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void underConstantLoadItComesToRest(@ForAll("loads") Load load) {
        Rebalance table = Rebalance.NONE;
        for (int i = 0; i < LONG; i++) {
            table = table.after(load.interval(table));
        }
        Rebalance atRest = table;
        for (int i = 0; i < 10 * Rebalance.PATIENCE; i++) {
            table = table.after(load.interval(table));
            assertThat(table.moved()).isEqualTo(atRest.moved());
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void bucketsGoToCpusOfThePolicyOnlyAndEmptyOnesStay(@ForAll("loads") Load load) {
        Rebalance table = Rebalance.NONE;
        for (int i = 0; i < LONG; i++) {
            table = table.after(load.interval(table));
        }
        assertThat(load.cpus()).containsAll(table.moved().values());
        assertThat(table.moved().keySet())
                .allSatisfy(bucket -> assertThat(load.buckets().get(bucket)).isPositive());
    }

    @Test
    void aHotCpuIsRelievedOfWhatHasNoOwner() {
        Load load = new Load(List.of(500L, 500L, 500L, 500L), List.of(2_000L, 0L));
        Rebalance table = Rebalance.NONE;
        for (int i = 0; i < 20; i++) {
            table = table.after(load.interval(table));
        }

        assertThat(load.interval(Rebalance.NONE).packetsOfCpu()).isEqualTo(Map.of(0, 3_000L, 1, 1_000L));
        assertThat(load.interval(table).packetsOfCpu().get(0)).isLessThanOrEqualTo((long) (Rebalance.HOT * 2_000));
    }

    @Test
    void aLoadOfOwnedSasAloneMovesNothing() {
        Load load = new Load(List.of(), List.of(1_000_000L, 0L));
        Rebalance table = Rebalance.NONE;
        for (int i = 0; i < 20; i++) {
            table = table.after(load.interval(table));
            assertThat(table.moved()).isEmpty();
        }
    }

    @Test
    void aSingleHeavySaIsNotCarriedAround() {
        Load load = new Load(List.of(1_000_000L), List.of(0L, 0L));
        Rebalance table = Rebalance.NONE;
        for (int i = 0; i < 20; i++) {
            table = table.after(load.interval(table));
            assertThat(table.moved()).isEmpty();
        }
    }

    @Test
    void aBurstIsWaitedOut() {
        Load calm = new Load(List.of(1000L, 1000L), List.of(0L, 0L));
        Load burst = new Load(List.of(1000L, 1000L), List.of(5000L, 0L));
        Rebalance table = Rebalance.NONE;
        for (int i = 0; i < 50; i++) {
            table = table.after((i % Rebalance.PATIENCE == 0 ? calm : burst).interval(table));
            assertThat(table.moved()).isEmpty();
        }
    }

    @Test
    void aCpuThatThePolicyLosesGivesBackItsBuckets() {
        Load load = new Load(List.of(500L, 500L, 500L, 500L), List.of(4_000L, 0L));
        Rebalance table = Rebalance.NONE;
        for (int i = 0; i < 20; i++) {
            table = table.after(load.interval(table));
        }

        assertThat(table.moved()).isNotEmpty();
        assertThat(table.on(Set.of(0)).moved()).isEmpty();
    }
}
