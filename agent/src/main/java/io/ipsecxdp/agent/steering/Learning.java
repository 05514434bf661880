package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.SteeringStanding;
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
final class Learning {

    private final Map<SteeringStanding.Key, Instant> since = new HashMap<>();

    /** Of the wishes to drop, those whose learning period is over. */
    Set<SteeringStanding.Key> done(Collection<Wish> wishes, Instant now) {
        Set<SteeringStanding.Key> wanted = new HashSet<>();
        Set<SteeringStanding.Key> done = new HashSet<>();
        for (Wish wish : wishes) {
            if (wish.planned().unknownSPI() == UnknownSpiAction.Drop) {
                wanted.add(wish.key());
                Instant begun = since.computeIfAbsent(wish.key(), key -> now);
                if (!now.isBefore(begun.plusSeconds(wish.planned().learningSeconds()))) {
                    done.add(wish.key());
                }
            }
        }
        since.keySet().retainAll(wanted);
        return done;
    }
}
