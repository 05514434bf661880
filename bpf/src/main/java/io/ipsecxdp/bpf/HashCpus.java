package io.ipsecxdp.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedSet;

/**
 * The table by which the XDP program chooses a CPU for an SPI: hash of the SPI to bucket, bucket to CPU. Each bucket
 * goes to the CPU with the highest hash of bucket and CPU (rendezvous hashing), so that the table follows from the set
 * of CPUs alone, and a CPU that joins or leaves moves only its own share of the SPIs: packets of the others cannot
 * overtake each other.
 */
public final class HashCpus {
    /** HASH_BUCKETS of maps.h. */
    public static final int BUCKETS = 4096;

    private final int[] cpuOfBucket;

    private HashCpus(int[] cpuOfBucket) {
        this.cpuOfBucket = cpuOfBucket;
    }

    /** @param cpus at least one */
    public static HashCpus over(SortedSet<Integer> cpus) {
        var table = new int[BUCKETS];
        Arrays.setAll(table, bucket -> chosen(bucket, cpus));
        return new HashCpus(table);
    }

    /** Into which bucket an SPI falls, 0 to {@link #BUCKETS} - 1. */
    public static int bucketOf(int spi) {
        return Integer.remainderUnsigned(mix(spi), BUCKETS);
    }

    /** The CPU for an SPI, as the program finds it. */
    public int cpuOf(int spi) {
        return cpuOfBucket[bucketOf(spi)];
    }

    /** @param bucket 0 to {@link #BUCKETS} - 1 */
    public int cpuOfBucket(int bucket) {
        return cpuOfBucket[bucket];
    }

    /** The same table, but for these buckets. */
    HashCpus with(Map<Integer, Integer> moved) {
        var table = cpuOfBucket.clone();
        moved.forEach((bucket, cpu) -> table[bucket] = cpu);
        return new HashCpus(table);
    }

    /** As the map holds it. */
    byte[] bytes() {
        var buffer = ByteBuffer.allocate(BUCKETS * Integer.BYTES).order(ByteOrder.nativeOrder());
        Arrays.stream(cpuOfBucket).forEach(buffer::putInt);
        return buffer.array();
    }

    private static int chosen(int bucket, SortedSet<Integer> cpus) {
        int best = cpus.first();
        for (int cpu : cpus) {
            if (Integer.compareUnsigned(weight(bucket, cpu), weight(bucket, best)) > 0) {
                best = cpu;
            }
        }
        return best;
    }

    private static int weight(int bucket, int cpu) {
        return mix(mix(cpu + 1) + bucket);
    }

    /** {@code mix} of lookup.h. */
    private static int mix(int h) {
        h ^= h >>> 16;
        h *= 0x85EBCA6B;
        h ^= h >>> 13;
        h *= 0xC2B2AE35;
        h ^= h >>> 16;
        return h;
    }
}
