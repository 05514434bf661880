package io.ipsecxdp.operator.watch;

import static java.util.stream.Collectors.toSet;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which objects were deleted only a moment ago. The API server deletes one object after the other, and tells watchers so:
 * that a policy is deleted together with its SAs shows only once both are. A process that starts knows of no deletion
 * before it, and gives what is planned still that moment again.
 */
@ApplicationScoped
public class Deletions {
    /** Longer than kubectl takes for the objects of a folder. */
    static final Duration MOMENT = Duration.ofSeconds(5);

    private final Map<String, Instant> seen = new ConcurrentHashMap<>();

    /**
     * @param uids of the objects that were just deleted
     * @param nextExpiry when the first of them will count as deleted for good
     */
    public record Recent(Set<String> uids, Optional<Instant> nextExpiry) {}

    /**
     * @param planned uids of the objects that some plan has still
     * @param declared uids of the objects that there are
     */
    Recent recent(Set<String> planned, Set<String> declared, Instant now) {
        var gone = planned.stream().filter(uid -> !declared.contains(uid)).collect(toSet());
        seen.keySet().retainAll(gone);
        gone.forEach(uid -> seen.putIfAbsent(uid, now));
        var recent = gone.stream()
                .filter(uid -> seen.get(uid).plus(MOMENT).isAfter(now))
                .collect(toSet());
        return new Recent(
                recent, recent.stream().map(seen::get).min(Instant::compareTo).map(since -> since.plus(MOMENT)));
    }
}
