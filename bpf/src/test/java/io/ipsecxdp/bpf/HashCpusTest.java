package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class HashCpusTest {
    @Property(tries = 200)
    void everySpiGetsACpuOfThePolicy(
            @ForAll int spi, @ForAll @Size(min = 1, max = 16) Set<@IntRange(max = 1023) Integer> cpus) {
        assertThat(cpus).contains(HashCpus.over(new TreeSet<>(cpus)).cpuOf(spi));
    }

    @Property(tries = 100)
    void aCpuThatLeavesMovesOnlyItsOwnSpis(
            @ForAll @Size(min = 2, max = 16) Set<@IntRange(max = 1023) Integer> cpus, @ForAll Random random) {
        var before = new TreeSet<>(cpus);
        var after = new TreeSet<>(before);
        int leaving = before.first();
        after.remove(leaving);

        var old = HashCpus.over(before);
        var table = HashCpus.over(after);
        random.ints(100)
                .filter(spi -> old.cpuOf(spi) != leaving)
                .forEach(spi -> assertThat(table.cpuOf(spi)).isEqualTo(old.cpuOf(spi)));
    }

    @Test
    void consecutiveSpisAreSpreadEvenly() {
        var cpus = new TreeSet<>(Set.of(0, 1, 2, 3));
        assertThat(share(cpus, spi -> 0x10000000 + spi)).isBetween(0.20, 0.30);
    }

    @Test
    void spisThatDifferOnlyInHighBitsAreSpreadEvenly() {
        var cpus = new TreeSet<>(Set.of(0, 1, 2, 3));
        assertThat(share(cpus, spi -> spi << 16 | 1)).isBetween(0.20, 0.30);
    }

    @Test
    void theMapHoldsOneNativeWordForEachBucket() {
        var bytes =
                ByteBuffer.wrap(HashCpus.over(new TreeSet<>(Set.of(7))).bytes()).order(ByteOrder.nativeOrder());
        assertThat(bytes.remaining()).isEqualTo(HashCpus.BUCKETS * Integer.BYTES);
        assertThat(IntStream.generate(bytes::getInt).limit(HashCpus.BUCKETS)).containsOnly(7);
    }

    /** The share of the CPU that has the smallest or largest, whichever is further from a quarter. */
    private static double share(SortedSet<Integer> cpus, Function<Integer, Integer> spiOf) {
        int spis = 20_000;
        var table = HashCpus.over(cpus);
        var shares = IntStream.range(0, spis)
                .mapToObj(i -> table.cpuOf(spiOf.apply(i)))
                .collect(Collectors.groupingBy(cpu -> cpu, Collectors.counting()));
        assertThat(shares).hasSameSizeAs(cpus);
        return shares.values().stream()
                .mapToDouble(count -> (double) count / spis)
                .reduce((a, b) -> Math.abs(a - 0.25) > Math.abs(b - 0.25) ? a : b)
                .orElseThrow();
    }
}
