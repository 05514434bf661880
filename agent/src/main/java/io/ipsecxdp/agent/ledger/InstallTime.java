package io.ipsecxdp.agent.ledger;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When the kernel added an entry of ours. It records that time itself and never changes it, so an entry with the same id
 * and another time was installed by somebody else.
 *
 * @param added the time that the kernel recorded, in whole seconds; empty until it was read back
 * @param asked when this agent asked for the entry, or for a newer one in its place; until the recorded time of that one is
 *     read back, an entry that was added meanwhile is taken for ours. Empty from then on
 */
public record InstallTime(Optional<Instant> added, Optional<Asking> asked) {

    /**
     * How far the recorded time of an entry may be from our clock's: the kernel reads its clock once per tick
     * ({@code ktime_get_real_seconds}) and cuts the fraction of the second off.
     */
    private static final Duration INEXACT = Duration.ofSeconds(2);

    /**
     * How long the kernel may take to add an entry, as long as its answer is not known: it works off what was asked for
     * before, and may have to load the modules of an algorithm first. An answer that took longer widens the time
     * ({@link #answered}).
     */
    private static final Duration LATE = Duration.ofSeconds(10);

    /**
     * The time in which the kernel added the entry, if it did.
     *
     * @param from when it was asked
     * @param until when it had answered, or {@link #LATE} after {@code from} where that is not known
     */
    public record Asking(Instant from, Instant until) {

        /** The kernel is asked at this time, and its answer is not known yet. */
        public static Asking at(Instant now) {
            return new Asking(now, now.plus(LATE));
        }

        private boolean covers(Instant time) {
            return time.isAfter(from.minus(INEXACT)) && time.isBefore(until);
        }
    }

    public static InstallTime asked(Instant now) {
        return new InstallTime(Optional.empty(), Optional.of(Asking.at(now)));
    }

    public static InstallTime readBack(Instant added) {
        return new InstallTime(Optional.of(added), Optional.empty());
    }

    /** The kernel is about to be asked for a newer entry in the place of this one. */
    public InstallTime renewed(Instant now) {
        return new InstallTime(added, Optional.of(Asking.at(now)));
    }

    /** The kernel had answered by this time: the entry may have been added until then, however long that took. */
    public InstallTime answered(Instant now) {
        Instant answered = now.plus(INEXACT);
        return asked.filter(asking -> asking.until().isBefore(answered))
                .map(asking -> new InstallTime(added, Optional.of(new Asking(asking.from(), answered))))
                .orElse(this);
    }

    /** Whether an entry with this recorded time can be the one that this agent asked for. */
    boolean is(Instant addedThere) {
        return added.filter(addedThere::equals).isPresent()
                || asked.filter(asking -> asking.covers(addedThere)).isPresent();
    }
}
