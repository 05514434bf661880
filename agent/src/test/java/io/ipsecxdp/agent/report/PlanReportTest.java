package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSaBuilder;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmMark;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlanReportTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private static PlannedSa sa(int i) {
        return PlannedSaBuilder.builder()
                .withName("sa" + i)
                .withUid("uid" + i)
                .withGeneration(3L)
                .withDirection(SaDirection.Out)
                .withSource("10.0.0.1")
                .withDestination("10.0.0.2")
                .withSpi(0x1000L + i)
                .withEncryption(Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 128, new KeySecretRef("k", "e")))
                .withTerms(SaTermsBuilder.builder()
                        .withMode(SaMode.Tunnel)
                        .withReqid(0x1000_0001L)
                        .withReplayWindow(0)
                        .withEsn(false)
                        .build())
                .build();
    }

    private static Slice slice(int sas) {
        return new Slice(
                "n1-0",
                "uid",
                7,
                new NodePlanSpec(
                        "n1",
                        IntStream.range(0, sas).mapToObj(PlanReportTest::sa).toList(),
                        List.of(),
                        List.of()),
                Optional.empty());
    }

    private static PlanReport report(Slice slice, Map<Origin, EntryStatus> standings, Set<Origin> used) {
        return report(slice, standings, Map.of(), used);
    }

    private static PlanReport report(
            Slice slice, Map<Origin, EntryStatus> standings, Map<Origin, String> fingerprints, Set<Origin> used) {
        return new PlanReport(
                "boot",
                List.of(slice),
                standings,
                Map.of(),
                Map.of(),
                fingerprints,
                used,
                List.of(),
                List.of(),
                Map.of());
    }

    @Test
    void theFingerprintOfAKeyIsReportedAndStaysUntilTheKeyIsReadAgain() {
        Slice slice = slice(1);
        Origin origin =
                Desired.of(List.of(slice), Map.of()).sas().keySet().iterator().next();

        NodePlanStatus first =
                report(slice, Map.of(), Map.of(origin, "one"), Set.of()).status(slice, Optional.empty(), NOON);
        NodePlanStatus restarted = report(slice, Map.of(), Set.of()).status(slice, Optional.of(first), NOON);
        NodePlanStatus readAgain =
                report(slice, Map.of(), Map.of(origin, "other"), Set.of()).status(slice, Optional.of(restarted), NOON);

        assertThat(List.of(first, restarted, readAgain))
                .extracting(status -> status.securityAssociations().getFirst().keyFingerprint())
                .containsExactly("one", "one", "other");
    }

    private static Condition condition(NodePlanStatus status, String type) {
        return status.conditions().stream()
                .filter(condition -> condition.type().equals(type))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void anEmptyPlanIsReady() {
        Slice slice = slice(0);
        NodePlanStatus status = report(slice, Map.of(), Set.of()).status(slice, Optional.empty(), NOON);

        assertThat(status.installed()).isEqualTo("0/0");
        assertThat(status.observedGeneration()).isEqualTo(7);
        assertThat(condition(status, Condition.READY).status()).isEqualTo(Condition.Status.True);
    }

    @Test
    void aFailureIsSaidFirstAndTheOthersAreNamed() {
        Slice slice = slice(7);
        EntryStatus failed = EntryStatus.failed(Reason.KeyMissing, "There is no Secret.");
        NodePlanStatus status = report(
                        slice,
                        Map.of(
                                Origin.of("uid0"), EntryStatus.installed("In force."),
                                Origin.of("uid1"), EntryStatus.pending("Soon."),
                                Origin.of("uid2"), failed,
                                Origin.of("uid3"), failed,
                                Origin.of("uid4"), failed,
                                Origin.of("uid5"), failed,
                                Origin.of("uid6"), failed),
                        Set.of())
                .status(slice, Optional.empty(), NOON);

        assertThat(status.installed()).isEqualTo("1/7");
        assertThat(condition(status, Condition.READY).reason()).isEqualTo("KeyMissing");
        assertThat(condition(status, Condition.DEGRADED).message())
                .isEqualTo("SecurityAssociation sa2: There is no Secret. Also: SecurityAssociation sa3 (KeyMissing), "
                        + "SecurityAssociation sa4 (KeyMissing), SecurityAssociation sa5 (KeyMissing) and 1 more.");
        assertThat(condition(status, Condition.RECONCILING).status()).isEqualTo(Condition.Status.True);
    }

    @Test
    void theTimeOfAConditionChangesWithItsStatusOnly() {
        Slice slice = slice(1);
        NodePlanStatus first = report(slice, Map.of(Origin.of("uid0"), EntryStatus.pending("Soon.")), Set.of())
                .status(slice, Optional.empty(), NOON);
        NodePlanStatus second = report(
                        slice, Map.of(Origin.of("uid0"), EntryStatus.failed(Reason.KeyMissing, "None.")), Set.of())
                .status(slice, Optional.of(first), NOON.plusSeconds(60));

        assertThat(condition(second, Condition.READY).lastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
        assertThat(condition(second, Condition.DEGRADED).lastTransitionTime()).isEqualTo("2026-01-01T12:01:00Z");
    }

    @Test
    void theSameReportIsTheSameStatus() {
        Slice slice = slice(2);
        PlanReport report =
                report(slice, Map.of(Origin.of("uid0"), EntryStatus.installed("In force.")), Set.of(Origin.of("uid0")));
        NodePlanStatus first = report.status(slice, Optional.empty(), NOON);

        assertThat(report.status(slice, Optional.of(first), NOON.plusSeconds(3600)))
                .isEqualTo(first);
    }

    @Test
    void thatAKeyWasUsedIsNeverForgottenForItsUid() {
        Slice slice = slice(2);
        NodePlanStatus first = report(
                        slice, Map.of(Origin.of("uid0"), EntryStatus.installed("In force.")), Set.of(Origin.of("uid0")))
                .status(slice, Optional.empty(), NOON);
        NodePlanStatus second = report(slice, Map.of(), Set.of()).status(slice, Optional.of(first), NOON);

        assertThat(second.securityAssociations().get(0).keyUsed()).isTrue();
        assertThat(second.securityAssociations().get(1).keyUsed()).isNull();
    }

    @Test
    void aReportSaysWhichSaItIsAbout() {
        Slice slice = slice(1);
        var planned = slice.spec().securityAssociations().getFirst();

        var report = report(slice, Map.of(Origin.of("uid0"), EntryStatus.installed("In force.")), Set.of())
                .status(slice, Optional.empty(), NOON)
                .securityAssociations()
                .getFirst();

        assertThat(report.spi()).isEqualTo(planned.spi());
        assertThat(report.source()).isEqualTo(planned.source());
        assertThat(report.destination()).isEqualTo(planned.destination());
    }

    @Test
    void severalEntriesOfOneObjectAreReportedApart() {
        PlannedSa one = sa(0).withChild("cpu-0");
        PlannedSa other = sa(0).withChild("cpu-1");
        Slice slice = new Slice(
                "n1-0", "uid", 7, new NodePlanSpec("n1", List.of(one, other), List.of(), List.of()), Optional.empty());
        Origin used = new Origin("uid0", "cpu-1");

        var reports = report(slice, Map.of(used, EntryStatus.installed("In force.")), Set.of(used))
                .status(slice, Optional.empty(), NOON)
                .securityAssociations();

        assertThat(reports)
                .extracting(SaReport::child, SaReport::state, SaReport::wasInstalled)
                .containsExactly(tuple("cpu-0", EntryState.Pending, false), tuple("cpu-1", EntryState.Installed, true));
    }

    /** The other end keeps its part for as long. */
    @Test
    void whatIsNoLongerPlannedIsReportedUntilTheKernelLetGoOfIt() throws Exception {
        Slice slice = slice(0);
        OwnedSa leaving = new OwnedSa(
                new SaId(InetAddress.getByName("10.0.0.2"), IpProtocol.ESP, 0x1000, XfrmMark.NONE),
                InetAddress.getByName("10.0.0.1"),
                0x1000_0001L,
                SaDir.OUT,
                Origin.of("uid-of-gone"),
                "gone",
                slice.name(),
                Optional.empty(),
                InstallTime.readBack(NOON));
        PlanReport report = new PlanReport(
                "boot",
                List.of(slice),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Set.of(),
                List.of(leaving),
                List.of(),
                Map.of());

        NodePlanStatus status = report.status(slice, Optional.empty(), NOON);

        assertThat(status.securityAssociations())
                .extracting(SaReport::name, SaReport::uid, SaReport::state)
                .containsExactly(tuple("gone", "uid-of-gone", EntryState.Pending));
        assertThat(status.installed()).as("it is not planned").isEqualTo("0/0");
    }
}
