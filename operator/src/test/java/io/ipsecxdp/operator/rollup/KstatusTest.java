package io.ipsecxdp.operator.rollup;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Condition.Status;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.operator.compile.Finding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What kstatus makes of our objects: its rules ({@code generic.go} and {@code status.go} of cli-utils) on our conditions. */
class KstatusTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final long GENERATION = 7;

    @Test
    void whatIsInForceIsCurrentAlsoIfAPersonHasToPutSomethingRight() {
        assertThat(on(new ObjectOnNode.InForce("a"), new ObjectOnNode.InForce("b")))
                .isEqualTo("Current");
        assertThat(on(new ObjectOnNode.InForce("a"), new ObjectOnNode.Impaired("b", "KeyChanged", "because")))
                .isEqualTo("Current");
    }

    @Test
    void whatIsUnderWayIsInProgress() {
        assertThat(on(new ObjectOnNode.InForce("a"), new ObjectOnNode.Waiting("b")))
                .isEqualTo("InProgress");
        assertThat(on(new ObjectOnNode.Held("a", "because"), new ObjectOnNode.InForce("b")))
                .isEqualTo("InProgress");
        assertThat(on(new ObjectOnNode.NotPlanned("a"))).isEqualTo("InProgress");
    }

    @Test
    void whoWaitsGoesOnWaitingForAKeyThatIsAppliedLaterOrAnAgentThatIsUpgraded() {
        assertThat(on(failed("KeyMissing"))).isEqualTo("InProgress");
        assertThat(on(silent(Reason.AgentNotReporting))).isEqualTo("InProgress");
        assertThat(of(finding(Reason.StillBeingRemoved))).isEqualTo("InProgress");
    }

    @Test
    void whatNeedsAPersonHasFailed() {
        assertThat(on(failed("KernelRefused"))).isEqualTo("Failed");
        assertThat(on(silent(Reason.AgentFailing))).isEqualTo("Failed");
        assertThat(of(finding(Reason.DuplicateSpi))).isEqualTo("Failed");
        assertThat(of(finding(Reason.Paused))).isEqualTo("Failed");
        assertThat(on()).as("no node is selected").isEqualTo("Failed");
    }

    @Test
    void oneFailureThatNeedsAPersonIsEnough() {
        assertThat(on(failed("KeyMissing"), failed("NonceAtRisk"))).isEqualTo("Failed");
        assertThat(on(failed("KernelRefused"), new ObjectOnNode.Waiting("b"))).isEqualTo("Failed");
        assertThat(of(finding(Reason.StillBeingRemoved), finding(Reason.DuplicateSpi)))
                .isEqualTo("Failed");
    }

    @Test
    void aReasonOfALaterAgentHasFailed() {
        assertThat(on(failed("NotInventedYet"))).isEqualTo("Failed");
    }

    @Test
    void aStatusOfAnEarlierGenerationIsInProgress() {
        assertThat(kstatus(GENERATION - 1, conditions(outcome(new ObjectOnNode.InForce("a")))))
                .isEqualTo("InProgress");
    }

    /** So that a new reason is thought about: what it makes of a GitOps tool is in docs/operations.md. */
    @ParameterizedTest
    @EnumSource
    void theDocsSayOfEveryReasonWhetherItPasses(Reason reason) throws Exception {
        var page = Files.readString(Path.of("../docs/operations.md"));
        var passing = page.split("\n`Reconciling` means: ", 2)[1].split("\\. ", 2)[0];
        boolean passes = Kstatus.ofWhatIsNotInForce(Stream.of(reason.name())) == Kstatus.IN_PROGRESS;
        assertThat(passing.contains("`" + reason + "`")).isEqualTo(passes);
    }

    @Property
    void exactlyOneOfReadyReconcilingAndStalledIsTrue(@ForAll("anyStates") List<ObjectOnNode> states) {
        Map<String, Status> statuses = conditions(outcome(states.toArray(ObjectOnNode[]::new))).stream()
                .collect(Collectors.toMap(Condition::type, Condition::status));
        assertThat(Stream.of(Condition.READY, Condition.RECONCILING, Condition.STALLED)
                        .map(statuses::get)
                        .filter(Status.True::equals))
                .hasSize(1);
    }

    @Provide
    Arbitrary<List<ObjectOnNode>> anyStates() {
        return Arbitraries.of(
                        new ObjectOnNode.InForce("a"),
                        new ObjectOnNode.Impaired("a", "KeyChanged", "because"),
                        new ObjectOnNode.Waiting("a"),
                        new ObjectOnNode.Held("a", "because"),
                        new ObjectOnNode.NotPlanned("a"),
                        failed("KeyMissing"),
                        failed("KernelRefused"),
                        silent(Reason.AgentNotReporting),
                        silent(Reason.AgentFailing))
                .list()
                .ofMaxSize(4);
    }

    private static ObjectOnNode failed(String reason) {
        return new ObjectOnNode.Failed("a", reason, "because");
    }

    private static ObjectOnNode silent(Reason reason) {
        return new ObjectOnNode.Silent("a", reason, "because");
    }

    private static Finding finding(Reason reason) {
        return new Finding(reason, "because", Optional.empty());
    }

    private static String on(ObjectOnNode... states) {
        return kstatus(GENERATION, conditions(outcome(states)));
    }

    private static String of(Finding... findings) {
        return kstatus(GENERATION, conditions(new Summary(List.of(), List.of(findings), false).outcome()));
    }

    private static Readiness outcome(ObjectOnNode... states) {
        return new Summary(Arrays.asList(states), List.of(), true).outcome();
    }

    private static List<Condition> conditions(Readiness outcome) {
        return new ReadinessConditions(List.of(), GENERATION, NOON).of(outcome);
    }

    private static String kstatus(long observedGeneration, List<Condition> conditions) {
        if (observedGeneration != GENERATION) {
            return "InProgress";
        }
        for (var condition : conditions) {
            if (condition.type().equals("Reconciling") && condition.status() == Status.True) {
                return "InProgress";
            }
            if (condition.type().equals("Stalled") && condition.status() == Status.True) {
                return "Failed";
            }
        }
        // Later versions look at Ready too, earlier ones take what has come here for Current
        assertThat(conditions)
                .filteredOn(condition -> condition.type().equals("Ready"))
                .extracting(Condition::status)
                .containsExactly(Status.True);
        return "Current";
    }
}
