package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.flowNode;
import static io.ipsecxdp.operator.compile.Fixtures.host;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.twoNodes;
import static io.ipsecxdp.operator.compile.Plans.entries;
import static io.ipsecxdp.operator.compile.Plans.policies;
import static io.ipsecxdp.operator.compile.Plans.reasons;
import static io.ipsecxdp.operator.compile.Plans.sas;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TemplateLevel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One step after the other: who gets what first, and what the others are told meanwhile. */
class StagesTest {
    private static final Fixtures SA = twoNodes().sa("east", node("n1"), node("n2"), 4096);
    private static final Fixtures FLOW = SA.policy("flow", flowNode("n1"), flowNode("n2"));

    private static List<Wait> waits(Fixtures given, ObjectKey object) {
        return given.compileNow().verdicts().get(object).waits();
    }

    private static PlannedPolicy policy(Fixtures given, String node) {
        return policies(given.compileNow(), node).getFirst();
    }

    @Test
    void theReceiverGetsAnSaFirstAndTheSenderOnceThatIsReported() {
        assertThat(entries(SA.compileNow())).containsExactly("n2: east");
        assertThat(waits(SA, Fixtures.sa("east"))).singleElement().satisfies(wait -> {
            assertThat(wait.node()).isEqualTo("n1");
            assertThat(wait.message()).startsWith("Waits for node n2: ");
        });

        assertThat(entries(SA.step().compileNow())).containsExactly("n1: east", "n2: east");
        assertThat(waits(SA.step(), Fixtures.sa("east"))).isEmpty();
    }

    @Test
    void aSilentReceiverIsNamedWithTheRemedy() {
        var silent = SA.agentDies("n2");

        assertThat(entries(silent.step().step().compileNow())).containsExactly("n2: east");
        assertThat(waits(silent.step(), Fixtures.sa("east")).getFirst().message())
                .contains("node n2", "ipsec-xdp-agent");
    }

    @Test
    void anEndOutsideTheClusterIsNotWaitedFor() {
        var given = twoNodes().sa("out", node("n1"), host("192.0.2.1"), 4096);

        assertThat(entries(given.compileNow())).containsExactly("n1: out");
    }

    @Test
    void theSenderLosesAnSaFirstAndTheReceiverOnceThatIsReported() {
        var deleted = SA.planned().delete("east");

        assertThat(entries(deleted.compileNow())).containsExactly("n2: east");
        assertThat(entries(deleted.step().compileNow())).isEmpty();
    }

    @Test
    void aReceiverKeepsAnSaAsLongAsTheAgentOfTheSenderIsSilent() {
        var deleted = SA.planned().delete("east").agentDies("n1");

        assertThat(entries(deleted.step().step().step().compileNow())).containsExactly("n2: east");
        assertThat(entries(deleted.step().withoutTheNode("n1").step().compileNow()))
                .as("the node is gone")
                .isEmpty();
    }

    /** As a receiver does that was booted anew, or whose other SAs have the key by now. */
    @ParameterizedTest
    @EnumSource(names = {"KeyReused", "ReplayAtRisk", "Expired"})
    void theSenderStopsWhenItsReceiverRefusesTheKeyForGoodAndGoesOnWhenItReceives(Reason reason) {
        var refused = reported(SA.planned(), "n2", EntryState.Failed, reason);

        assertThat(entries(refused.compileNow())).containsExactly("n2: east");
        assertThat(waits(refused, Fixtures.sa("east"))).singleElement().satisfies(wait -> {
            assertThat(wait.node()).isEqualTo("n1");
            assertThat(wait.message()).contains("node n2", reason.name());
        });

        var repaired = reported(refused.step(), "n2", EntryState.Installed, Reason.Installed);
        assertThat(entries(repaired.compileNow())).containsExactly("n1: east", "n2: east");
        assertThat(waits(repaired, Fixtures.sa("east"))).isEmpty();
    }

    @Test
    void theSenderGoesOnWhileItsReceiverIsSilentOrRepairsOrMayYetReceive() {
        var sends = SA.planned();
        var unread = sends.slices(sends.slices().stream()
                .map(slice -> new ExistingSlice(
                        slice.name(),
                        slice.nodeUid(),
                        slice.spec(),
                        slice.generation() + 1,
                        slice.observedGeneration()))
                .toList());

        for (var given : List.of(
                reported(sends, "n2", EntryState.Failed, Reason.ReplayAtRisk).agentDies("n2"),
                reported(sends, "n2", EntryState.Pending, Reason.Installing),
                reported(sends, "n2", EntryState.Failed, Reason.KeyMissing),
                reported(sends, "n2", EntryState.Installed, Reason.KeyChanged),
                reported(unread, "n2", EntryState.Failed, Reason.ReplayAtRisk))) {
            assertThat(entries(given.compileNow())).containsExactly("n1: east", "n2: east");
        }
    }

    /** The same, where the agent of {@code node} says this of all that it has. */
    private static Fixtures reported(Fixtures given, String node, EntryState state, Reason reason) {
        var reports = new HashMap<>(given.reports().bySubject());
        reports.replaceAll((subject, of) -> subject.node().equals(node)
                ? of.stream()
                        .map(report -> new Report(
                                report.entry(),
                                report.uid(),
                                report.generation(),
                                state,
                                reason.name(),
                                "",
                                report.of(),
                                report.keyUsed(),
                                report.keyFingerprint()))
                        .toList()
                : of);
        return given.observed(given.slices(), new Reports(reports));
    }

    @Test
    void anSaOfTheNameOfOneThatGoesWaitsForIt() {
        var again = SA.planned().withUid("east", "another-uid");

        assertThat(reasons(again.compileNow(), Fixtures.sa("east"))).containsExactly(Reason.StillBeingRemoved);
        assertThat(sas(again.compile(), "n1")).extracting(PlannedSa::uid).containsExactly("another-uid");
    }

    @Test
    void theSenderKeepsItsAddressesUntilTheReceiverHasTheNewOnes() {
        var moved = SA.planned().node("n2", "10.0.0.7");

        assertThat(sas(moved.compileNow(), "n2"))
                .extracting(PlannedSa::destination)
                .containsExactly("10.0.0.7");
        assertThat(sas(moved.compileNow(), "n1"))
                .extracting(PlannedSa::destination)
                .containsExactly("10.0.0.2");
        assertThat(sas(moved.step().compileNow(), "n1"))
                .extracting(PlannedSa::destination)
                .containsExactly("10.0.0.7");
    }

    @Test
    void aReceiverFirstTakesProtectedPacketsAndRequiresThemWhenTheSenderSendsNoOthers() {
        var given = SA.planned().policy("flow", flowNode("n1"), flowNode("n2"));
        assertThat(policies(given.compileNow(), "n1")).isEmpty();
        assertThat(policy(given, "n2").protection().orElseThrow().level()).isEqualTo(TemplateLevel.Use);

        var accepted = given.step();
        assertThat(policies(accepted.compileNow(), "n1")).hasSize(1);
        assertThat(policy(accepted, "n2").protection().orElseThrow().level()).isEqualTo(TemplateLevel.Use);
        assertThat(waits(accepted, Fixtures.policy("flow")))
                .extracting(Wait::node)
                .contains("n2");

        var sent = accepted.step();
        assertThat(policy(sent, "n2").protection().orElseThrow().letsPassWithout())
                .isFalse();
        assertThat(waits(sent, Fixtures.policy("flow"))).isEmpty();
    }

    @Test
    void aSenderWaitsForOneOfTheSasThatAreDeclaredForIt() {
        var first = FLOW.step();

        assertThat(policies(first.compileNow(), "n1")).isEmpty();
        assertThat(waits(first, Fixtures.policy("flow")))
                .extracting(Wait::message)
                .anyMatch(message -> message.contains("SecurityAssociation east"));
        assertThat(policies(FLOW.compile(), "n1")).hasSize(1);
    }

    /** The one that has its name by now does not come into force, and is another one. */
    @Test
    void theSenderKeepsAPolicyThatIsGoneUntilItsSuccessorIsReady() {
        var otherReqid = "reqid: %d".formatted(Api.FIRST_REQID + 1);
        var succeeded = FLOW.planned()
                .sa("later", 4099, otherReqid)
                .policy("next", otherReqid)
                .declarePolicy(new Declared<>(
                        Fixtures.policy("flow"),
                        "another-uid",
                        1,
                        Fixtures.NOON.plusSeconds(60),
                        FLOW.policies().getFirst().spec()));

        assertThat(reasons(succeeded.compileNow(), Fixtures.policy("flow"))).containsExactly(Reason.DuplicateSelector);
        assertThat(policies(succeeded.compileNow(), "n1"))
                .extracting(policy -> policy.protection().orElseThrow().reqid())
                .containsExactly(Api.FIRST_REQID);
    }

    @Test
    void aPolicyAndItsSasThatAreDeletedTogetherGoOneAfterTheOther() {
        var deleted = FLOW.planned().delete("flow").delete("east");

        assertThat(entries(deleted.compileNow()))
                .as("the receiver takes clear packets first")
                .containsExactly("n1: east", "n1: flow Out", "n2: east", "n2: flow Forward", "n2: flow In");
        assertThat(entries(deleted.step().compileNow()))
                .containsExactly("n1: east", "n2: east", "n2: flow Forward", "n2: flow In");
        assertThat(entries(deleted.step().step().compileNow())).containsExactly("n2: east");
        assertThat(entries(deleted.compile())).isEmpty();
    }

    @Test
    void anSaWithoutWhichAPolicyWouldDropStaysForAMomentInCaseThatIsDeletedAsWell() {
        var deleted = FLOW.planned().delete("east");
        var aMomentAgo = Compiler.compile(deleted.snapshot(Set.of("uid-of-east")));

        assertThat(sas(aMomentAgo, "n1")).hasSize(1);
        assertThat(sas(aMomentAgo, "n2")).hasSize(1);
        assertThat(sas(deleted.compileNow(), "n1")).as("the policy stays").isEmpty();
    }

    @Test
    void anSaGoesAtOnceWhereAnotherOneSendsInItsPlaceOrHasItsName() {
        var two = FLOW.sa("successor", node("n1"), node("n2"), 4097).planned();
        var moment = Set.of("uid-of-east");

        assertThat(sas(Compiler.compile(two.delete("east").snapshot(moment)), "n1"))
                .extracting(PlannedSa::name)
                .containsExactly("successor");
        assertThat(sas(
                        Compiler.compile(FLOW.planned()
                                .delete("east")
                                .sa("east", node("n1"), node("n2"), 4097)
                                .withUid("east", "another-uid")
                                .snapshot(moment)),
                        "n1"))
                .isEmpty();
    }

    @Test
    void anSaOfAnotherCpuIsNoneInItsPlace() {
        var onCpu0 = twoNodes()
                .sa("cpu0", Fixtures.cpu("n1", 0), node("n2"), 4096)
                .sa("cpu1", Fixtures.cpu("n1", 1), node("n2"), 4097)
                .policy("flow", flowNode("n1"), flowNode("n2"))
                .planned();

        assertThat(sas(Compiler.compile(onCpu0.delete("cpu0").snapshot(Set.of("uid-of-cpu0"))), "n1"))
                .hasSize(2);
    }

    @Test
    void anSaStaysUntilThePolicyThatNeedsItIsReportedGone() {
        var deleted = FLOW.planned().delete("flow").delete("east").step();
        var told = deleted.slices(Fixtures.asExisting(deleted.compileNow(), deleted.slices()));

        assertThat(policies(told.compileNow(), "n1")).isEmpty();
        assertThat(sas(told.compileNow(), "n1"))
                .as("its agent has not read that")
                .hasSize(1);
        assertThat(sas(told.done().compileNow(), "n1")).isEmpty();
    }

    @Test
    void aPolicyUnderAnotherNameTakesThePlaceOfOneThatIsDeletedWithoutAMomentInTheClear() {
        var renamed = FLOW.planned().delete("flow").policy("renamed", flowNode("n1"), flowNode("n2"));

        assertThat(entries(renamed.compileNow()))
                .containsExactly("n1: east", "n1: renamed Out", "n2: east", "n2: renamed Forward", "n2: renamed In");
        assertThat(policy(renamed, "n2").protection().orElseThrow().letsPassWithout())
                .isFalse();
    }

    @Test
    void anAgentThatForgotIsToldThatItsKeyWasUsed() {
        var known = SA.planned();
        var snapshot = known.snapshot();
        var memory = new KeyMemory(Map.of("uid-of-east", Set.of("n1", "n2")), Map.of());
        var recycled = new ClusterSnapshot(
                snapshot.declared(),
                snapshot.nodes(),
                snapshot.facts(),
                snapshot.slices().stream()
                        .filter(slice -> !slice.spec().node().equals("n1"))
                        .toList(),
                new Reports(Map.of(
                        new Reports.Subject("n2", Fixtures.sa("east")),
                        snapshot.reports().of("n2", Fixtures.sa("east")))),
                memory,
                snapshot.tunnels(),
                snapshot.aliveAgents(),
                snapshot.now());

        var compilation = Compiler.compile(recycled);

        assertThat(sas(compilation, "n1")).allMatch(PlannedSa::wasInstalled).hasSize(1);
        assertThat(sas(compilation, "n2"))
                .as("it says so itself")
                .noneMatch(PlannedSa::wasInstalled)
                .hasSize(1);
    }
}
