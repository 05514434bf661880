package io.ipsecxdp.agent.steering;

import io.ipsecxdp.linux.NetDevice;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Sees where packets are redirected and come to no queue, as with a driver that takes an XDP program and does not know
 * XDP_REDIRECT: the program and the queues count in different places of the kernel. For one thread.
 */
final class RedirectWatch {

    /** So many packets, of which not one arrived, are no accident. */
    static final long ENOUGH = 16;

    /** What is under way between the two counters has arrived by then. */
    static final Duration LONG_ENOUGH = Duration.ofSeconds(2);

    private record Look(long redirected, long arrived, long refused, Instant at) {}

    private final Map<NetDevice, Look> since = new HashMap<>();
    private final Map<NetDevice, Long> lost = new HashMap<>();

    /**
     * Takes in what was counted on an interface in native mode.
     *
     * @param redirected packets that the program sent to a CPU
     * @param arrived of those, the ones that a queue took, or had no room for
     * @param refused of those, the ones of which the driver said that it cannot redirect
     */
    void look(NetDevice device, long redirected, long arrived, long refused, Instant now) {
        Look before = since.get(device);
        // Counters that were set back say nothing of what happened before
        if (before == null || arrived != before.arrived() || redirected < before.redirected()) {
            since.put(device, new Look(redirected, arrived, refused, now));
            return;
        }
        long missing = redirected - before.redirected();
        boolean said = refused - before.refused() >= ENOUGH;
        if (missing >= ENOUGH && (said || !now.isBefore(before.at().plus(LONG_ENOUGH)))) {
            lost.put(device, missing);
        }
    }

    /** The interfaces where packets were lost, and how many at least. */
    Map<NetDevice, Long> lost() {
        return Map.copyOf(lost);
    }

    /** Forgets interfaces that are gone. */
    void retain(Collection<NetDevice> there) {
        since.keySet().retainAll(there);
        lost.keySet().retainAll(there);
    }
}
