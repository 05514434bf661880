package io.ipsecxdp.bpf;

import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * To which CPUs an interface's ESP may be steered. An SA whose owner is not among them is left on the CPU that receives
 * it, and SAs without an owner are spread over them.
 *
 * @param cpus at least one
 * @param queueSize frames that may wait for each CPU, 1 to 16384 (kernel/bpf/cpumap.c cpu_map_update_elem); what does
 *     not fit is dropped by the kernel
 */
public record SteeringConfig(SortedSet<Integer> cpus, int queueSize) {
    public static final int MAX_QUEUE_SIZE = 16384;

    public SteeringConfig {
        cpus = Collections.unmodifiableSortedSet(new TreeSet<>(cpus));
        if (cpus.isEmpty()) {
            throw new IllegalArgumentException("a steering policy needs at least one CPU");
        }
        if (cpus.first() < 0) {
            throw new IllegalArgumentException("there is no CPU " + cpus.first());
        }
        if (queueSize < 1 || queueSize > MAX_QUEUE_SIZE) {
            throw new IllegalArgumentException("queue size " + queueSize + " is not within 1 and " + MAX_QUEUE_SIZE);
        }
    }

    public static SteeringConfig of(Collection<Integer> cpus, int queueSize) {
        return new SteeringConfig(new TreeSet<>(cpus), queueSize);
    }
}
