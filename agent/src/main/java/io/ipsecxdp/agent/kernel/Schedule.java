package io.ipsecxdp.agent.kernel;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Jobs in the order in which they are done, and the time until one is due. For one thread, but for {@link #isStuck}. */
final class Schedule {

    static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    /**
     * A thread that has not come around for so long is stuck. It is long because a first round can be: to install ten
     * thousand SAs takes a minute and a half on a machine without a CPU to spare, and a kubelet that restarts the agent
     * meanwhile makes it begin again.
     */
    static final Duration STUCK = Duration.ofMinutes(3);

    private final List<Job> jobs;
    private final Clock clock;
    private volatile Instant cameAround;

    Schedule(List<Job> inOrder, Clock clock) {
        this.jobs = List.copyOf(inOrder);
        this.clock = clock;
        this.cameAround = clock.instant();
    }

    /** The thread is about to look at what is due. */
    void comeAround() {
        cameAround = clock.instant();
    }

    /** Whether the thread did not come around for longer than any work takes; from any thread. */
    boolean isStuck() {
        return !clock.instant().isBefore(cameAround.plus(STUCK));
    }

    /** Does each job that is due, urgent ones first. What fails keeps no other from being done. */
    void run() {
        jobs.stream()
                .sorted(Comparator.comparing(job -> !job.isUrgent()))
                .toList()
                .forEach(job -> job.runIfDue(clock.instant()));
    }

    /** How long until a job is due, at most {@link #LONGEST_WAIT}; zero if one is. */
    Duration untilDue() {
        Instant now = clock.instant();
        Duration wait = jobs.stream()
                .map(Job::due)
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder())
                .filter(due -> due.isBefore(now.plus(LONGEST_WAIT)))
                .map(due -> Duration.between(now, due))
                .orElse(LONGEST_WAIT);
        return wait.isNegative() ? Duration.ZERO : wait;
    }
}
