package io.ipsecxdp.bpf;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How an interface's ESP and AH are steered.
 *
 * @param cpus to which packets may go, at least one. An SA whose owner is not among them is left on the CPU that receives it
 * @param queueSize frames that may wait for each CPU, 1 to 16384 (kernel/bpf/cpumap.c cpu_map_update_elem); what does
 *     not fit is dropped by the kernel
 * @param assignment how the CPU of an SA is found
 * @param fixed unsigned SPI to CPU, before any assignment, at most {@link #MAX_FIXED}; one that is not among the CPUs
 *     leaves the SPI where it is received
 * @param unknownSpi what becomes of packets without an SA
 * @param udpPorts where ESP in UDP is received, at most {@link #MAX_UDP_PORTS}, 1 to 65535
 * @param mark with which SAs are looked up; SAs without a mark are found with any
 * @param netnsId in which network namespace SAs are looked up, as {@code ip netns list-id} numbers them; empty: in the
 *     interface's own
 * @param movedBuckets buckets of {@link HashCpus} that go to another CPU than it says; the CPUs are among those above
 * @param countBuckets whether packets are counted by bucket: {@link SteeredInterface#bucketPackets}
 */
@RecordBuilder
public record SteeringConfig(
        SortedSet<Integer> cpus,
        int queueSize,
        Assignment assignment,
        Map<Long, Integer> fixed,
        UnknownSpiHandling unknownSpi,
        Set<Integer> udpPorts,
        int mark,
        OptionalInt netnsId,
        Map<Integer, Integer> movedBuckets,
        boolean countBuckets)
        implements SteeringConfigBuilder.With {
    public static final int MAX_QUEUE_SIZE = 16384;
    public static final int MAX_FIXED = 1024;
    public static final int MAX_UDP_PORTS = 8;

    /** RFC 3948. */
    public static final int ESP_IN_UDP = 4500;

    private static final long MAX_SPI = 0xFFFFFFFFL;

    public SteeringConfig {
        cpus = Collections.unmodifiableSortedSet(new TreeSet<>(cpus));
        fixed = Collections.unmodifiableMap(new TreeMap<>(fixed));
        udpPorts = Collections.unmodifiableSet(new TreeSet<>(udpPorts));
        movedBuckets = Collections.unmodifiableMap(new TreeMap<>(movedBuckets));
        if (cpus.isEmpty()) {
            throw new IllegalArgumentException("a steering policy needs at least one CPU");
        }
        if (cpus.first() < 0) {
            throw new IllegalArgumentException("there is no CPU " + cpus.first());
        }
        if (queueSize < 1 || queueSize > MAX_QUEUE_SIZE) {
            throw new IllegalArgumentException("queue size " + queueSize + " is not within 1 and " + MAX_QUEUE_SIZE);
        }
        if (fixed.size() > MAX_FIXED) {
            throw new IllegalArgumentException(fixed.size() + " SPIs have a fixed CPU, more than " + MAX_FIXED);
        }
        if (fixed.keySet().stream().anyMatch(spi -> spi < 0 || spi > MAX_SPI)) {
            throw new IllegalArgumentException("an SPI with a fixed CPU is not within 0 and " + MAX_SPI);
        }
        if (udpPorts.size() > MAX_UDP_PORTS) {
            throw new IllegalArgumentException(udpPorts.size() + " UDP ports are more than " + MAX_UDP_PORTS);
        }
        if (udpPorts.stream().anyMatch(port -> port < 1 || port > 0xFFFF)) {
            throw new IllegalArgumentException("a UDP port is not within 1 and 65535");
        }
        if (netnsId.isPresent() && netnsId.getAsInt() < 0) {
            throw new IllegalArgumentException("there is no network namespace with the id " + netnsId.getAsInt());
        }
        if (movedBuckets.keySet().stream().anyMatch(bucket -> bucket < 0 || bucket >= HashCpus.BUCKETS)) {
            throw new IllegalArgumentException("a bucket is not within 0 and " + (HashCpus.BUCKETS - 1));
        }
        if (!cpus.containsAll(movedBuckets.values())) {
            throw new IllegalArgumentException("a bucket is moved to a CPU that is not of the policy");
        }
    }

    /** By owner; unknown SPIs are passed; ESP in UDP on its own port. */
    public static SteeringConfig of(Collection<Integer> cpus, int queueSize) {
        return SteeringConfigBuilder.builder()
                .cpus(new TreeSet<>(cpus))
                .queueSize(queueSize)
                .assignment(Assignment.OWNER)
                .fixed(Map.of())
                .unknownSpi(UnknownSpiHandling.PASS)
                .udpPorts(Set.of(ESP_IN_UDP))
                .movedBuckets(Map.of())
                .build();
    }

    /** To which CPU each bucket goes. */
    HashCpus table() {
        return HashCpus.over(cpus).with(movedBuckets);
    }
}
