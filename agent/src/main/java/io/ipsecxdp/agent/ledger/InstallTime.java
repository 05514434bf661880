package io.ipsecxdp.agent.ledger;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When an entry came into the kernel. The kernel never changes that time, so that another entry in the same place shows
 * itself by it.
 *
 * @param added as the kernel says, to the second; empty if it was not read back yet
 * @param asked when the kernel was asked for it, or for a newer one in its place; empty once that was read back
 */
public record InstallTime(Optional<Instant> added, Optional<Asking> asked) {

    /** The kernel's clock has the resolution of a tick, and its seconds are cut off. */
    private static final Duration INEXACT = Duration.ofSeconds(2);

    /** Unless its answer took longer: the modules of an algorithm have to be loaded, and others are asked for before. */
    private static final Duration LATE = Duration.ofSeconds(10);

    /**
     * The kernel was asked between these times.
     *
     * @param until it had not answered before, or it is not known when it answered
     */
    public record Asking(Instant from, Instant until) {

        /** Of one whose answer is not known. */
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

    /** The kernel answered, however long it took. */
    public InstallTime answered(Instant now) {
        Instant answered = now.plus(INEXACT);
        return asked.filter(asking -> asking.until().isBefore(answered))
                .map(asking -> new InstallTime(added, Optional.of(new Asking(asking.from(), answered))))
                .orElse(this);
    }

    /** Whether an entry that the kernel added at this time can be the one. */
    boolean is(Instant addedThere) {
        return added.filter(addedThere::equals).isPresent()
                || asked.filter(asking -> asking.covers(addedThere)).isPresent();
    }
}
