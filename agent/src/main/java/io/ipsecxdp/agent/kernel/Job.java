package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.time.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * One kind of work of the kernel thread: done when it is due, and after a failure tried again, less and less often, until
 * it succeeds. For one thread.
 */
final class Job {

    private static final Logger LOG = Logger.getLogger(Job.class);

    private final String name;
    private final Runnable body;
    private final Supplier<Optional<Instant>> otherwiseDue;
    private final BooleanSupplier urgent;
    private Optional<Instant> due = Optional.empty();
    private Backoff backoff = Backoff.between(Duration.ofMillis(200), Duration.ofSeconds(30));
    private Optional<String> trouble = Optional.empty();
    private Optional<Instant> failingSince = Optional.empty();

    /**
     * @param name for the log and for what is reported, such as {@code "Steering"}
     * @param otherwiseDue when the work is due by what others know, apart from {@link #dueAt}; empty if it is not
     * @param urgent whether it has to be done before jobs that come first in the order
     */
    Job(String name, Runnable body, Supplier<Optional<Instant>> otherwiseDue, BooleanSupplier urgent) {
        this.name = name;
        this.body = body;
        this.otherwiseDue = otherwiseDue;
        this.urgent = urgent;
    }

    /** Of work that is never urgent. */
    Job(String name, Runnable body, Supplier<Optional<Instant>> otherwiseDue) {
        this(name, body, otherwiseDue, () -> false);
    }

    /** Of work that is due when {@link #dueAt} says so. */
    Job(String name, Runnable body) {
        this(name, body, Optional::empty);
    }

    /** It is to be done at this time, or earlier if that was said before. */
    void dueAt(Instant time) {
        due = earliest(due, Optional.of(time));
    }

    /** When it is to be done next: while it fails, not before its next attempt. */
    Optional<Instant> due() {
        return earliest(due, otherwiseDue.get())
                .map(time -> backoff.due().filter(time::isBefore).orElse(time));
    }

    boolean isUrgent() {
        return urgent.getAsBoolean();
    }

    /** Does the work if it is due, and takes a failure for one of this job alone. */
    void runIfDue(Instant now) {
        if (due().filter(time -> !now.isBefore(time)).isEmpty()) {
            return;
        }
        // Before the work, which may say when it is due again
        due = Optional.empty();
        try {
            body.run();
            backoff = backoff.succeeded();
            trouble = Optional.empty();
            failingSince = Optional.empty();
        } catch (RuntimeException | LinkageError e) {
            LOG.errorf(e, "%s failed and is tried again in %s", name, backoff.next());
            trouble = Optional.of("%s failed: %s".formatted(name, e.getMessage()));
            failingSince = failingSince.or(() -> Optional.of(now));
            backoff = backoff.failed(now);
            dueAt(now);
        }
    }

    /** A sentence about the last failure, if it was not made good. */
    Optional<String> trouble() {
        return trouble;
    }

    /** When it failed for the first time since it last succeeded. */
    Optional<Instant> failingSince() {
        return failingSince;
    }

    private static Optional<Instant> earliest(Optional<Instant> one, Optional<Instant> other) {
        return Stream.of(one, other).flatMap(Optional::stream).min(Comparator.naturalOrder());
    }
}
