package io.ipsecxdp.agent.plan;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When an entry came into the kernel. The kernel never changes that time, so that another entry in the same place shows
 * itself by it.
 *
 * @param added as the kernel says, to the second; empty if it was not read back yet
 * @param asked when the kernel was about to be asked for it, or for a newer one in its place; empty once that was read
 *     back
 */
public record Birth(Optional<Instant> added, Optional<Instant> asked) {

    /** The kernel's clock has the resolution of a tick, and its seconds are cut off. */
    private static final Duration EARLY = Duration.ofSeconds(2);

    /** The kernel is asked right after this was written; to load the modules of an algorithm takes it a while. */
    private static final Duration LATE = Duration.ofSeconds(10);

    public static Birth asked(Instant now) {
        return new Birth(Optional.empty(), Optional.of(now));
    }

    static Birth readBack(Instant added) {
        return new Birth(Optional.of(added), Optional.empty());
    }

    /** The kernel is about to be asked for a newer entry in the place of this one. */
    public Birth renewed(Instant now) {
        return new Birth(added, Optional.of(now));
    }

    /** Whether an entry that the kernel added at this time can be the one. */
    boolean is(Instant addedThere) {
        return added.filter(addedThere::equals).isPresent()
                || asked.filter(at -> addedThere.isAfter(at.minus(EARLY)) && addedThere.isBefore(at.plus(LATE)))
                        .isPresent();
    }
}
