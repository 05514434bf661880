package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.threeten.extra.MutableClock;

class ScheduleTest {

    private final MutableClock clock = MutableClock.epochUTC();
    private final List<String> done = new ArrayList<>();
    private boolean cpusChanged;
    private boolean broken;

    private final Job rounds = new Job("Rounds", () -> {
        done.add("round");
        if (broken) {
            throw new IllegalStateException("the kernel is gone");
        }
    });
    private final Job steering = new Job("Steering", () -> done.add("steering"), Optional::empty, () -> cpusChanged);
    private final Job report = new Job("Reporting", () -> done.add("report"));
    private final Schedule schedule = new Schedule(List.of(rounds, steering, report), clock);

    private void allAreDue() {
        List.of(rounds, steering, report).forEach(job -> job.dueAt(clock.instant()));
    }

    private List<String> run() {
        done.clear();
        schedule.run();
        return List.copyOf(done);
    }

    @Test
    void jobsAreDoneInTheirOrderAndOnceEach() {
        allAreDue();
        assertThat(run()).containsExactly("round", "steering", "report");
        assertThat(run()).isEmpty();
    }

    @Test
    void whatIsUrgentComesFirst() {
        cpusChanged = true;
        allAreDue();
        assertThat(run()).containsExactly("steering", "round", "report");
    }

    @Test
    void whatIsUrgentIsNotDoneUnlessItIsDue() {
        cpusChanged = true;
        rounds.dueAt(clock.instant());
        assertThat(run()).containsExactly("round");
    }

    @Test
    void aJobIsNotDoneBeforeItIsDueAndTheThreadSleepsUntilThen() {
        rounds.dueAt(clock.instant().plusMillis(250));
        assertThat(schedule.untilDue()).isEqualTo(Duration.ofMillis(250));
        assertThat(run()).isEmpty();
        clock.add(Duration.ofMillis(250));
        assertThat(schedule.untilDue()).isZero();
        assertThat(run()).containsExactly("round");
    }

    @Test
    void ofTwoTimesTheEarlierCounts() {
        rounds.dueAt(clock.instant().plusSeconds(1));
        rounds.dueAt(clock.instant().plusSeconds(3));
        assertThat(schedule.untilDue()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void nothingDueIsNoReasonToSleepForEver() {
        assertThat(schedule.untilDue()).isEqualTo(Schedule.LONGEST_WAIT);
        rounds.dueAt(Instant.MAX);
        assertThat(schedule.untilDue()).isEqualTo(Schedule.LONGEST_WAIT);
        steering.dueAt(Instant.MIN);
        assertThat(schedule.untilDue()).isZero();
    }

    @Test
    void aJobMaySayWhenItIsDueAgain() {
        List<Job> self = new ArrayList<>();
        self.add(new Job("The resync", () -> {
            done.add("resync");
            self.getFirst().dueAt(clock.instant().plusSeconds(10));
        }));
        Schedule resyncs = new Schedule(self, clock);
        self.getFirst().dueAt(clock.instant());
        for (int second = 0; second < 25; second++) {
            resyncs.run();
            clock.add(Duration.ofSeconds(1));
        }
        assertThat(done).hasSize(3);
    }

    @Test
    void aJobThatFailsKeepsNoOtherFromBeingDone() {
        broken = true;
        allAreDue();
        assertThat(run()).containsExactly("round", "steering", "report");
        assertThat(rounds.trouble()).contains("Rounds failed: the kernel is gone");
        assertThat(steering.trouble()).isEmpty();
    }

    @Test
    void aJobThatFailsIsTriedAgainLessAndLessOftenWhateverCallsForIt() {
        broken = true;
        rounds.dueAt(clock.instant());
        List<Long> attempts = new ArrayList<>();
        Instant began = clock.instant();
        for (int i = 0; i < 200; i++) {
            // Each notification calls for a round
            rounds.dueAt(clock.instant());
            if (!run().isEmpty()) {
                attempts.add(Duration.between(began, clock.instant()).toMillis());
            }
            clock.add(Duration.ofMillis(100));
        }
        assertThat(attempts).containsExactly(0L, 200L, 600L, 1400L, 3000L, 6200L, 12_600L);
    }

    @Test
    void theThreadSleepsUntilTheNextAttempt() {
        broken = true;
        rounds.dueAt(clock.instant());
        run();
        assertThat(schedule.untilDue()).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void aSuccessEndsTheTrouble() {
        broken = true;
        rounds.dueAt(clock.instant());
        run();
        broken = false;
        clock.add(Duration.ofMillis(200));
        assertThat(run()).containsExactly("round");
        assertThat(rounds.trouble()).isEmpty();
        rounds.dueAt(clock.instant());
        assertThat(run()).containsExactly("round");
    }

    @Test
    void aThreadIsStuckWhenItHasNotComeAroundForThreeMinutes() {
        clock.add(Schedule.STUCK.minusMillis(1));
        assertThat(schedule.isStuck()).isFalse();
        clock.add(Duration.ofMillis(1));
        assertThat(schedule.isStuck()).isTrue();
        schedule.comeAround();
        assertThat(schedule.isStuck()).isFalse();
    }
}
