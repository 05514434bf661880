package io.ipsecxdp.agent.kernel;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Work that may fail as a whole, and is then tried again, less and less often. For one thread. */
final class Backoff {

    private static final Logger LOG = Logger.getLogger(Backoff.class);

    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final String work;
    private final Clock clock;
    private Duration pause = FIRST_PAUSE;
    private Optional<Instant> until = Optional.empty();
    private Optional<String> trouble = Optional.empty();

    /** @param work for the log, such as {@code "steering"} */
    Backoff(String work, Clock clock) {
        this.work = work;
        this.clock = clock;
    }

    /** Does the work, unless it failed a moment ago; true if it succeeded. */
    boolean attempt(Runnable task) {
        Instant now = clock.instant();
        if (until.filter(now::isBefore).isPresent()) {
            return false;
        }
        try {
            task.run();
            pause = FIRST_PAUSE;
            until = Optional.empty();
            trouble = Optional.empty();
            return true;
        } catch (RuntimeException | LinkageError e) {
            LOG.errorf(e, "%s failed and is tried again in %s", work, pause);
            trouble = Optional.of("%s failed: %s".formatted(work, e.getMessage()));
            until = Optional.of(now.plus(pause));
            Duration longer = pause.multipliedBy(2);
            pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
            return false;
        }
    }

    /** Does the work whatever happened before; what fails is not tried again. */
    void always(Runnable task) {
        until = Optional.empty();
        attempt(task);
        until = Optional.empty();
    }

    /** When the work may be tried again, after it failed. */
    Optional<Instant> until() {
        return until;
    }

    /** A sentence about the last failure, if it was not made good. */
    Optional<String> trouble() {
        return trouble;
    }
}
