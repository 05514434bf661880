package io.ipsecxdp.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.Offload;
import io.ipsecxdp.crds.OffloadType;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSaBuilder;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** An SA that a device is to help with, as it was read back. */
class OffloadTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private static PlannedSa planned(OffloadType type) {
        return PlannedSaBuilder.builder()
                .withName("a")
                .withUid("uid")
                .withGeneration(1L)
                .withDirection(SaDirection.Out)
                .withSource("10.0.0.1")
                .withDestination("10.0.0.2")
                .withSpi(0x1000L)
                .withEncryption(Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 256, new KeySecretRef("k", "e")))
                .withTerms(SaTermsBuilder.builder()
                        .withMode(SaMode.Tunnel)
                        .withReqid(5L)
                        .withReplayWindow(0)
                        .withEsn(true)
                        .build())
                .withOffload(new Offload(type, "eth0"))
                .build();
    }

    private static ObservedSa observed(Sa sa, boolean offloaded) {
        ObservedSa installed = AsObserved.sa(sa, Kernels.MODERN, NOON);
        return offloaded ? installed : installed.withOptions(installed.options().withOffload(Optional.empty()));
    }

    private static Plan plan(OffloadType type, boolean offloaded) {
        NodePlanSpec spec = new NodePlanSpec("n1", List.of(planned(type)), List.of(), List.of());
        Desired desired = Desired.of(List.of(new Slice("s", "s", 1, spec, Optional.empty())), Map.of("eth0", 3));
        DesiredSa wanted = desired.sas().get(Origin.of("uid"));
        OwnedSa owned = wanted.owned(Optional.empty(), InstallTime.readBack(NOON));
        Journal journal = new Journal(Map.of(owned.id(), owned), Map.of(), Map.of());
        return Plan.of(new DecisionInput(
                desired,
                Observed.of(List.of(observed(wanted.sa(), offloaded)), List.of()),
                journal,
                KeyLedger.EMPTY,
                new KernelHistory(Set.of(), Set.of(), Set.of(), Set.of()),
                origin -> new KeyView.Reading(),
                Map.of(),
                Map.of(),
                Acquires.NONE,
                new KernelInfo(
                        "boot",
                        CpuList.parse("0-3"),
                        Kernels.MODERN,
                        new ApiServerWay(Set.of(), Set.of(), 32768, 60999)),
                NOON));
    }

    @Test
    void whatTheDeviceDoesIsInForce() {
        assertThat(plan(OffloadType.Crypto, true).sas().get(Origin.of("uid")))
                .isEqualTo(EntryStatus.installed("In force."));
    }

    @Test
    void cryptographyThatTheKernelDoesInsteadIsInForceAndToldAndNotMadeAgain() {
        Plan plan = plan(OffloadType.Crypto, false);

        assertThat(plan.actions()).isEmpty();
        assertThat(plan.sas().get(Origin.of("uid")).state()).isEqualTo(EntryState.Installed);
        assertThat(plan.sas().get(Origin.of("uid")).reason()).isEqualTo(Reason.Unsupported);
        assertThat(plan.sas().get(Origin.of("uid")).message()).contains("interface 3", "without offload");
    }

    @Test
    void anSaWithoutItsOffloadOfPacketsIsAnotherOne() {
        assertThat(plan(OffloadType.Packet, false).sas().get(Origin.of("uid")).message())
                .contains("offload is none and should be packet by interface 3");
    }
}
