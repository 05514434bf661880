package io.ipsecxdp.bpf;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
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
public record SteeringConfig(
        SortedSet<Integer> cpus,
        int queueSize,
        Assignment assignment,
        SortedMap<Long, Integer> fixed,
        UnknownSpiHandling unknownSpi,
        SortedSet<Integer> udpPorts,
        int mark,
        OptionalInt netnsId,
        SortedMap<Integer, Integer> movedBuckets,
        boolean countBuckets) {
    public static final int MAX_QUEUE_SIZE = 16384;
    public static final int MAX_FIXED = 1024;
    public static final int MAX_UDP_PORTS = 8;

    /** RFC 3948. */
    public static final int ESP_IN_UDP = 4500;

    private static final long MAX_SPI = 0xFFFFFFFFL;

    public SteeringConfig {
        cpus = Collections.unmodifiableSortedSet(new TreeSet<>(cpus));
        fixed = Collections.unmodifiableSortedMap(new TreeMap<>(fixed));
        udpPorts = Collections.unmodifiableSortedSet(new TreeSet<>(udpPorts));
        movedBuckets = Collections.unmodifiableSortedMap(new TreeMap<>(movedBuckets));
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
        if (!fixed.isEmpty() && (fixed.firstKey() < 0 || fixed.lastKey() > MAX_SPI)) {
            throw new IllegalArgumentException("an SPI with a fixed CPU is not within 0 and " + MAX_SPI);
        }
        if (udpPorts.size() > MAX_UDP_PORTS) {
            throw new IllegalArgumentException(udpPorts.size() + " UDP ports are more than " + MAX_UDP_PORTS);
        }
        if (!udpPorts.isEmpty() && (udpPorts.first() < 1 || udpPorts.last() > 0xFFFF)) {
            throw new IllegalArgumentException("a UDP port is not within 1 and 65535");
        }
        if (netnsId.isPresent() && netnsId.getAsInt() < 0) {
            throw new IllegalArgumentException("there is no network namespace with the id " + netnsId.getAsInt());
        }
        if (!movedBuckets.isEmpty() && (movedBuckets.firstKey() < 0 || movedBuckets.lastKey() >= HashCpus.BUCKETS)) {
            throw new IllegalArgumentException("a bucket is not within 0 and " + (HashCpus.BUCKETS - 1));
        }
        if (!cpus.containsAll(movedBuckets.values())) {
            throw new IllegalArgumentException("a bucket is moved to a CPU that is not of the policy");
        }
    }

    /** By owner; unknown SPIs are passed; ESP in UDP on its own port. */
    public static SteeringConfig of(Collection<Integer> cpus, int queueSize) {
        return new SteeringConfig(
                new TreeSet<>(cpus),
                queueSize,
                Assignment.OWNER,
                new TreeMap<>(),
                UnknownSpiHandling.PASS,
                new TreeSet<>(Set.of(ESP_IN_UDP)),
                0,
                OptionalInt.empty(),
                new TreeMap<>(),
                false);
    }

    public SteeringConfig withAssignment(Assignment assignment) {
        return new SteeringConfig(
                cpus, queueSize, assignment, fixed, unknownSpi, udpPorts, mark, netnsId, movedBuckets, countBuckets);
    }

    public SteeringConfig withFixed(Map<Long, Integer> fixed) {
        return new SteeringConfig(
                cpus,
                queueSize,
                assignment,
                new TreeMap<>(fixed),
                unknownSpi,
                udpPorts,
                mark,
                netnsId,
                movedBuckets,
                countBuckets);
    }

    public SteeringConfig withUnknownSpi(UnknownSpiHandling unknownSpi) {
        return new SteeringConfig(
                cpus, queueSize, assignment, fixed, unknownSpi, udpPorts, mark, netnsId, movedBuckets, countBuckets);
    }

    public SteeringConfig withUdpPorts(Collection<Integer> udpPorts) {
        return new SteeringConfig(
                cpus,
                queueSize,
                assignment,
                fixed,
                unknownSpi,
                new TreeSet<>(udpPorts),
                mark,
                netnsId,
                movedBuckets,
                countBuckets);
    }

    public SteeringConfig withMark(int mark) {
        return new SteeringConfig(
                cpus, queueSize, assignment, fixed, unknownSpi, udpPorts, mark, netnsId, movedBuckets, countBuckets);
    }

    public SteeringConfig withNetnsId(OptionalInt netnsId) {
        return new SteeringConfig(
                cpus, queueSize, assignment, fixed, unknownSpi, udpPorts, mark, netnsId, movedBuckets, countBuckets);
    }

    public SteeringConfig withMovedBuckets(Map<Integer, Integer> movedBuckets) {
        return new SteeringConfig(
                cpus,
                queueSize,
                assignment,
                fixed,
                unknownSpi,
                udpPorts,
                mark,
                netnsId,
                new TreeMap<>(movedBuckets),
                countBuckets);
    }

    public SteeringConfig withCountBuckets(boolean countBuckets) {
        return new SteeringConfig(
                cpus, queueSize, assignment, fixed, unknownSpi, udpPorts, mark, netnsId, movedBuckets, countBuckets);
    }

    /** To which CPU each bucket goes. */
    HashCpus table() {
        return HashCpus.over(cpus).with(movedBuckets);
    }
}
