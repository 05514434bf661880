package io.ipsecxdp.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SortedSet;

/**
 * The table by which the XDP program chooses a CPU for an SPI: hash of the SPI to bucket, bucket to CPU. Each bucket
 * goes to the CPU with the highest hash of bucket and CPU (rendezvous hashing), so that the table follows from the set
 * of CPUs alone, and a CPU that joins or leaves moves only its own share of the SPIs: packets of the others cannot
 * overtake each other.
 */
final class HashCpus {
    /** HASH_BUCKETS of maps.h. */
    static final int BUCKETS = 4096;

    private final int[] cpuOfBucket;

    private HashCpus(int[] cpuOfBucket) {
        this.cpuOfBucket = cpuOfBucket;
    }

    static HashCpus over(SortedSet<Integer> cpus) {
        var table = new int[BUCKETS];
        Arrays.setAll(table, bucket -> chosen(bucket, cpus));
        return new HashCpus(table);
    }

    /** The CPU for an SPI, as the program finds it. */
    int cpuOf(int spi) {
        return cpuOfBucket[Integer.remainderUnsigned(mix(spi), BUCKETS)];
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

    /** {@code mix} of steer.bpf.c. */
    private static int mix(int h) {
        h ^= h >>> 16;
        h *= 0x85EBCA6B;
        h ^= h >>> 13;
        h *= 0xC2B2AE35;
        h ^= h >>> 16;
        return h;
    }
}
