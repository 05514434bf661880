package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.crds.UnknownSpiAction;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Since when policies want unknown SPIs dropped. An agent that starts again learns again: for a while longer nothing is
 * dropped, which is the side to err on. For one thread.
 */
final class LearningPeriod {

    private final Map<InterfaceStatus.Key, Instant> since = new HashMap<>();

    /** Of the requests to drop, those whose learning period is over. */
    Set<InterfaceStatus.Key> done(Collection<SteeringRequest> requests, Instant now) {
        Set<InterfaceStatus.Key> wanted = new HashSet<>();
        Set<InterfaceStatus.Key> done = new HashSet<>();
        for (SteeringRequest request : requests) {
            if (request.planned().unknownSPI() == UnknownSpiAction.Drop) {
                wanted.add(request.key());
                Instant begun = since.computeIfAbsent(request.key(), key -> now);
                if (!now.isBefore(begun.plusSeconds(request.planned().learningSeconds()))) {
                    done.add(request.key());
                }
            }
        }
        since.keySet().retainAll(wanted);
        return done;
    }
}
