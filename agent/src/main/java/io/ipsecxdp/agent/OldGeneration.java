package io.ipsecxdp.agent;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.Optional;

/**
 * The part of the heap for what lives long. SerialGC collects it, and gives memory back, only when the heap has grown to
 * its limit; so that the limit can leave room for a plan that is much larger, it is collected here when it has grown.
 */
final class OldGeneration {

    private static final String POOL = "Tenured Gen";
    private static final long MIB = 1 << 20;

    private final Optional<MemoryPoolMXBean> pool = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(candidate -> candidate.getName().equals(POOL))
            .findFirst();

    /** Collects if that gives back much for its cost. Another collector than SerialGC is left to itself. */
    void tend() {
        pool.filter(old -> isDue(old.getUsage(), old.getCollectionUsage())).ifPresent(old -> System.gc());
    }

    /** @param collected what was there after the last collection */
    static boolean isDue(MemoryUsage now, MemoryUsage collected) {
        return now.getUsed() > collected.getUsed() + collected.getUsed() / 4 + 4 * MIB;
    }
}
