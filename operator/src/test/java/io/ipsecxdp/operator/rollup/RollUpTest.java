package io.ipsecxdp.operator.rollup;

import static io.ipsecxdp.operator.compile.Fixtures.flowNode;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.twoNodes;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.FailingNode;
import io.ipsecxdp.crds.KeyUseOnNode;
import io.ipsecxdp.crds.SecurityAssociationStatus;
import io.ipsecxdp.operator.compile.Acknowledgement;
import io.ipsecxdp.operator.compile.ClusterSnapshot;
import io.ipsecxdp.operator.compile.Compilation;
import io.ipsecxdp.operator.compile.Compiler;
import io.ipsecxdp.operator.compile.Entry;
import io.ipsecxdp.operator.compile.Fixtures;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.compile.Report;
import io.ipsecxdp.operator.compile.Reports;
import io.ipsecxdp.operator.compile.Reports.Subject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class RollUpTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00.123Z");
    private static final ObjectKey EAST = Fixtures.sa("east");
    private static final Fixtures ONE_SA = twoNodes().sa("east", node("n1"), node("n2"), 4096);

    private final Map<Subject, List<Report>> reports = new HashMap<>();

    @Test
    void anSaIsReadyWhenBothEndsHaveReadItBackFromTheirKernels() {
        report("n1", EAST, EntryState.Installed);
        report("n2", EAST, EntryState.Installed);

        var status = (SecurityAssociationStatus) rollUp(ONE_SA, EAST);

        assertThat(conditions(status)).isEqualTo("Ready=True Reconciling=False Stalled=False Degraded=False Installed");
        assertThat(status.desiredNodes()).isEqualTo(2);
        assertThat(status.readyNodes()).isEqualTo(2);
        assertThat(status.source()).isEqualTo("10.0.0.1");
        assertThat(status.destination()).isEqualTo("10.0.0.2");
        assertThat(status.observedGeneration()).isEqualTo(1);
    }

    @Test
    void anSaThatOneEndHasNotReportedIsReconcilingAndNamesTheNode() {
        report("n1", EAST, EntryState.Installed);

        var status = rollUp(ONE_SA, EAST);

        assertThat(conditions(status))
                .isEqualTo("Ready=False Reconciling=True Stalled=False Degraded=False Installing");
        assertThat(ready(status).message()).contains("n2", "1 of 2");
        assertThat(status.failingNodes()).isEmpty();
    }

    @Test
    void whatAnAgentSaysOfAFailureIsCopiedUp() {
        report("n1", EAST, EntryState.Installed);
        report("n2", EAST, "uid-of-east", 1, EntryState.Failed, "KeyMissing", "there is no Secret k: create it");

        var status = rollUp(ONE_SA, EAST);

        assertThat(conditions(status)).isEqualTo("Ready=False Reconciling=True Stalled=False Degraded=True KeyMissing");
        assertThat(ready(status).message()).isEqualTo("node n2: there is no Secret k: create it");
        assertThat(status.failedNodes()).isEqualTo(1);
        assertThat(status.failingNodes())
                .containsExactly(new FailingNode("n2", "KeyMissing", "there is no Secret k: create it"));
    }

    @Test
    void anAgentThatCannotLookMakesItUnknownAndAccusesNobody() {
        report("n1", EAST, EntryState.Installed);
        report("n2", EAST, "uid-of-east", 1, EntryState.Pending, "AgentFailing", "its disk is full");

        var status = rollUp(ONE_SA, EAST);

        assertThat(conditions(status))
                .isEqualTo("Ready=Unknown Reconciling=False Stalled=True Degraded=Unknown AgentFailing");
        assertThat(ready(status).message()).isEqualTo("node n2: its disk is full");
        assertThat(status.failedNodes()).isZero();
    }

    @Test
    void whatIsInForceAndNeedsAPersonIsReadyAndDegraded() {
        report("n1", EAST, EntryState.Installed);
        report("n2", EAST, "uid-of-east", 1, EntryState.Installed, "KeyChanged", "Secret k has another key by now");

        var status = rollUp(ONE_SA, EAST);

        assertThat(conditions(status)).isEqualTo("Ready=True Reconciling=False Stalled=False Degraded=True KeyChanged");
        assertThat(ready(status).message()).isEqualTo("node n2: Secret k has another key by now");
        assertThat(status.readyNodes()).isEqualTo(2);
    }

    @Test
    void differentFailuresAreAPartlyInstalledObject() {
        report("n1", EAST, "uid-of-east", 1, EntryState.Failed, "KernelRefused", "no");
        report("n2", EAST, "uid-of-east", 1, EntryState.Failed, "KeyMissing", "no");

        assertThat(ready(rollUp(ONE_SA, EAST)).reason()).isEqualTo("PartlyInstalled");
    }

    @Test
    void aReportAboutAnotherObjectOrGenerationDoesNotCount() {
        report("n1", EAST, "uid-of-an-earlier-east", 1, EntryState.Installed, "Installed", "");
        report("n2", EAST, "uid-of-east", 0, EntryState.Failed, "KeyMissing", "");

        assertThat(conditions(rollUp(ONE_SA, EAST))).contains("Installing");
        assertThat(rollUp(ONE_SA, EAST).failedNodes()).isZero();
    }

    @Test
    void anEndThatWaitsForTheOtherNamesIt() {
        var given = twoNodes().sa("east", node("n1"), node("n2"), 4096);

        var status =
                RollUp.rollUp(given.snapshot(), given.compileNow(), Map.of()).get(EAST);

        assertThat(conditions(status))
                .isEqualTo("Ready=False Reconciling=True Stalled=False Degraded=False WaitsForPeer");
        assertThat(ready(status).message()).startsWith("node n1: Waits for node n2: ");
    }

    @Test
    void anEndThatWaitsForASilentOneSaysWhatToDo() {
        var given = twoNodes().sa("east", node("n1"), node("n2"), 4096);
        var known = given.snapshot();
        var silent = new ClusterSnapshot(
                known.declared(),
                known.nodes(),
                known.facts(),
                known.slices(),
                known.reports(),
                known.keys(),
                known.tunnels(),
                Set.of("n1"),
                NOON);

        var status = RollUp.rollUp(silent, Compiler.compile(silent), Map.of()).get(EAST);

        assertThat(conditions(status))
                .isEqualTo("Ready=False Reconciling=True Stalled=False Degraded=Unknown WaitsForPeer");
        assertThat(ready(status).message()).contains("node n2", "ipsec-xdp-agent");
    }

    @Test
    void aReportAboutFormerAddressesDoesNotCount() {
        report("n1", EAST, EntryState.Installed);
        report("n2", EAST, EntryState.Installed);
        var before = ONE_SA.planned();
        var moved = before.node("n2", "10.0.0.7");

        var status =
                RollUp.rollUp(moved.snapshot(), moved.compileNow(), Map.of()).get(EAST);

        assertThat(ready(status).status()).isEqualTo(Condition.Status.False);
    }

    @Test
    void thatAKeyWasUsedIsRememberedWithTheUidOfTheNodeAndNeverForgotten() {
        var given = ONE_SA.planned();

        var first =
                RollUp.rollUp(given.snapshot(), given.compileNow(), Map.of()).get(EAST);
        var later = RollUp.rollUp(ONE_SA.snapshot(), ONE_SA.compileNow(), Map.of(EAST, first))
                .get(EAST);

        assertThat(((SecurityAssociationStatus) first).keyUsedOn())
                .containsExactly(new KeyUseOnNode("n1", "uid-of-n1"), new KeyUseOnNode("n2", "uid-of-n2"));
        assertThat(((SecurityAssociationStatus) later).keyUsedOn())
                .isEqualTo(((SecurityAssociationStatus) first).keyUsedOn());
    }

    @Test
    void whoIsSilentIsNotReady() {
        report("n1", EAST, EntryState.Installed);
        report("n2", EAST, EntryState.Installed);

        var status = rollUp(ONE_SA, EAST, Optional.empty(), Set.of("n1"), NOON);

        assertThat(conditions(status))
                .isEqualTo("Ready=Unknown Reconciling=True Stalled=False Degraded=Unknown AgentNotReporting");
        assertThat(ready(status).message()).contains("n2", "ipsec-xdp-agent");
        assertThat(status.failingNodes()).extracting(FailingNode::node).containsExactly("n2");
        assertThat(status.failedNodes()).as("it reported nothing").isZero();
    }

    @Test
    void aFindingOfCompileIsItsCondition() {
        var given = twoNodes().sa("east", node("n1"), node("n9"), 4096);

        var status = rollUp(given, EAST);

        assertThat(conditions(status))
                .isEqualTo("Ready=False Reconciling=False Stalled=True Degraded=True NodeNotFound");
        assertThat(ready(status).message()).contains("n9").doesNotContain("stays");
        assertThat(status.readyNodes()).isZero();
    }

    @Test
    void aFindingAboutWhatIsInForceSaysThatItStays() {
        report("n2", EAST, EntryState.Installed);

        var status = rollUp(ONE_SA.planned().withoutTheNode("n1"), EAST);

        assertThat(ready(status).reason()).isEqualTo("NodeNotFound");
        assertThat(ready(status).message()).endsWith("what was planned before stays");
    }

    @Test
    void aPolicyIsReadyWithAllItsDirections() {
        var given = twoNodes().policy("flow", flowNode("n1"), flowNode("n2"));
        var flow = Fixtures.policy("flow");
        reportPart("n1", flow, "Out", EntryState.Installed);
        reportPart("n2", flow, "In", EntryState.Installed);
        assertThat(conditions(rollUp(given, flow))).contains("Installing");

        reportPart("n2", flow, "Forward", EntryState.Installed);
        assertThat(conditions(rollUp(given, flow))).contains("Ready=True");
    }

    @Test
    void aSteeringPolicyIsReadyWithAllItsInterfaces() {
        var given = twoNodes().steerAll("all", "eth0", "eth1");
        var all = Fixtures.steering("all");
        for (String interfaceName : List.of("eth0", "eth1")) {
            reportPart("n1", all, interfaceName, EntryState.Installed);
        }
        reportPart("n2", all, "eth0", EntryState.Installed);
        reportPart("n2", all, "eth9", EntryState.Failed);
        assertThat(conditions(rollUp(given, all))).contains("Installing");
        assertThat(rollUp(given, all).readyNodes()).isEqualTo(1);

        reportPart("n2", all, "eth1", EntryState.Installed);
        assertThat(conditions(rollUp(given, all))).contains("Ready=True");
    }

    @Test
    void aSteeringPolicyWithoutANodeSaysSo() {
        var given = Fixtures.nothing().steerAll("all", "eth0");

        assertThat(conditions(rollUp(given, Fixtures.steering("all")))).contains("Ready=False", "NoNodeSelected");
    }

    @Test
    void aStatusListsTenFailingNodesAndCountsAll() {
        var given = Fixtures.nothing();
        for (int i = 10; i < 35; i++) {
            given = given.node("n" + i, "10.0.0." + i);
        }
        given = given.steerAll("all", "eth0");
        for (int i = 10; i < 35; i++) {
            reportPart("n" + i, Fixtures.steering("all"), "eth0", EntryState.Failed);
        }

        var status = rollUp(given, Fixtures.steering("all"));

        assertThat(status.failingNodes()).hasSize(FailingNode.MAX_LISTED);
        assertThat(status.failedNodes()).isEqualTo(25);
        assertThat(ready(status).message()).endsWith("(and 24 more nodes)");
    }

    @Test
    void theTransitionTimeIsThatOfTheLastChangeOfTheStatus() {
        var first = rollUp(ONE_SA, EAST, Optional.empty(), Set.of("n1", "n2"), NOON);
        report("n1", EAST, EntryState.Installed);
        var second = rollUp(ONE_SA, EAST, Optional.of(first), Set.of("n1", "n2"), NOON.plusSeconds(60));
        report("n2", EAST, EntryState.Installed);
        var third = rollUp(ONE_SA, EAST, Optional.of(second), Set.of("n1", "n2"), NOON.plusSeconds(120));

        assertThat(ready(first).lastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
        assertThat(ready(second).lastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
        assertThat(ready(second).message()).isNotEqualTo(ready(first).message());
        assertThat(ready(third).lastTransitionTime()).isEqualTo("2026-01-01T12:02:00Z");
    }

    @Provide
    Arbitrary<Map<Subject, List<Report>>> anyReports() {
        var report = Combinators.combine(
                        Arbitraries.of("uid-of-east", "another"),
                        Arbitraries.of(1L, 2L),
                        Arbitraries.of(EntryState.values()),
                        Arbitraries.of("Installed", "KeyMissing", "KernelRefused"))
                .as((uid, generation, state, reason) -> reported(EAST, "", uid, generation, state, reason, "because"));
        return Arbitraries.maps(
                Arbitraries.of("n1", "n2").map(node -> new Subject(node, EAST)),
                report.list().ofMaxSize(2));
    }

    @Property
    void itIsReadyExactlyIfEveryNodeIs(
            @ForAll("anyReports") Map<Subject, List<Report>> any, @ForAll Set<@From("nodes") String> alive) {
        reports.clear();
        reports.putAll(any);
        var status = rollUp(ONE_SA, EAST, Optional.empty(), alive, NOON);

        boolean everywhere = List.of("n1", "n2").stream()
                .allMatch(node -> alive.contains(node)
                        && reports.getOrDefault(new Subject(node, EAST), List.of()).stream()
                                .filter(report -> report.uid().equals("uid-of-east") && report.generation() == 1)
                                .map(Report::state)
                                .reduce((one, other) -> one == other ? one : EntryState.Failed)
                                .equals(Optional.of(EntryState.Installed)));
        if (ready(status).status() == Condition.Status.True) {
            assertThat(status.readyNodes()).isEqualTo(2);
            assertThat(alive).contains("n1", "n2");
        } else {
            assertThat(everywhere).isFalse();
        }
    }

    @Property
    void rolledUpAgainItIsTheSame(@ForAll("anyReports") Map<Subject, List<Report>> any) {
        reports.clear();
        reports.putAll(any);
        var first = rollUp(ONE_SA, EAST, Optional.empty(), Set.of("n1", "n2"), NOON);
        var again = rollUp(ONE_SA, EAST, Optional.of(first), Set.of("n1", "n2"), NOON.plusSeconds(3600));
        assertThat(again).isEqualTo(first);
    }

    @Provide
    Arbitrary<String> nodes() {
        return Arbitraries.of("n1", "n2");
    }

    private DeclaredStatus rollUp(Fixtures given, ObjectKey key) {
        return rollUp(given, key, Optional.empty(), given.snapshot().aliveAgents(), NOON);
    }

    private DeclaredStatus rollUp(
            Fixtures given, ObjectKey key, Optional<DeclaredStatus> present, Set<String> alive, Instant now) {
        var known = given.snapshot();
        var compilation = given.compile();
        var snapshot = new ClusterSnapshot(
                known.declared(),
                known.nodes(),
                known.facts(),
                known.slices(),
                new Reports(aboutWhatIsPlanned(compilation)),
                known.keys(),
                known.tunnels(),
                alive,
                now);
        return RollUp.rollUp(
                        snapshot,
                        compilation,
                        present.map(status -> Map.of(key, status)).orElse(Map.of()))
                .get(key);
    }

    private void report(String node, ObjectKey key, EntryState state) {
        reportPart(node, key, "", state);
    }

    private void reportPart(String node, ObjectKey key, String part, EntryState state) {
        add(node, key, reported(key, part, "uid-of-" + key.name(), 1, state, state.name(), "because"));
    }

    private void report(
            String node, ObjectKey key, String uid, long generation, EntryState state, String reason, String message) {
        add(node, key, reported(key, "", uid, generation, state, reason, message));
    }

    private void add(String node, ObjectKey key, Report report) {
        var longer = new ArrayList<>(reports.getOrDefault(new Subject(node, key), List.of()));
        longer.add(report);
        reports.put(new Subject(node, key), longer);
    }

    private static Report reported(
            ObjectKey key, String part, String uid, long generation, EntryState state, String reason, String message) {
        return new Report(
                new Entry.Key(key, "", part),
                uid,
                generation,
                state,
                reason,
                message,
                Acknowledgement.NOTHING,
                false,
                Optional.empty());
    }

    /** The reports, each of them about the very entry that is planned. */
    private Map<Subject, List<Report>> aboutWhatIsPlanned(Compilation compilation) {
        var about = new HashMap<Subject, List<Report>>();
        reports.forEach((subject, all) -> about.put(
                subject,
                all.stream()
                        .map(report -> compilation.slices().stream()
                                .filter(slice -> slice.spec().node().equals(subject.node()))
                                .flatMap(slice -> Entry.of(slice.spec()).stream())
                                .filter(entry -> entry.key().equals(report.entry()))
                                .findFirst()
                                .map(entry -> about(report, entry))
                                .orElse(report))
                        .toList()));
        return about;
    }

    private static Report about(Report report, Entry entry) {
        return new Report(
                report.entry(),
                report.uid(),
                report.generation(),
                report.state(),
                report.reason(),
                report.message(),
                entry.acknowledgement(),
                report.keyUsed(),
                report.keyFingerprint());
    }

    private static Condition ready(DeclaredStatus status) {
        return RollUp.ready(status).orElseThrow();
    }

    private static String conditions(DeclaredStatus status) {
        var values = status.conditions().stream().collect(toMap(Condition::type, Condition::status));
        return "Ready=%s Reconciling=%s Stalled=%s Degraded=%s %s"
                .formatted(
                        values.get(Condition.READY),
                        values.get(Condition.RECONCILING),
                        values.get(Condition.STALLED),
                        values.get(Condition.DEGRADED),
                        ready(status).reason());
    }
}
