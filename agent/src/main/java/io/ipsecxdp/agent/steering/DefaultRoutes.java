package io.ipsecxdp.agent.steering;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The interfaces of default routes, for a while longer than the routing table has them: a DHCP client or a routing daemon
 * may delete a route and add it again, and to take a program off and put it on resets the rings of many NICs. For one thread.
 */
final class DefaultRoutes {

    /** So long may a route be away. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Map<Integer, Instant> lastSeen = new HashMap<>();
    private boolean begun;

    /**
     * Indexes of the interfaces to take for those of default routes.
     *
     * @param now what the routing table has
     * @param steered interfaces that are steered for their route; others are given up at once
     */
    Set<Integer> at(Collection<Integer> now, Collection<Integer> steered, Instant time) {
        if (!begun) {
            // An agent that starts cannot know how long a route has been away
            steered.forEach(index -> lastSeen.put(index, time));
            begun = true;
        }
        now.forEach(index -> lastSeen.put(index, time));
        lastSeen.entrySet()
                .removeIf(seen -> !now.contains(seen.getKey())
                        && (!steered.contains(seen.getKey())
                                || !time.isBefore(seen.getValue().plus(PATIENCE))));
        return Set.copyOf(lastSeen.keySet());
    }
}
