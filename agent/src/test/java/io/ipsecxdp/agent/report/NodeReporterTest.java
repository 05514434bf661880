package io.ipsecxdp.agent.report;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.kernel.TestingNode;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.SaTraffic;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.LifetimeCounters;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.ReplayState;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmOffload;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class NodeReporterTest {

    @Test
    void theReplayStateOfAnSaIsTold() {
        ObservedSa.Errors errors = new ObservedSa.Errors(3, 2, 1);
        assertThat(figures(sa(new ReplayState(64, 99, 0), errors)))
                .isEqualTo(new SaFigures(
                        "name-a", Optional.empty(), SaDir.OUT, 0x1000, 5, 500, OptionalLong.of(99), errors));
        assertThat(figures(sa(new ReplayState(0, 0, 7), errors)).lastSequence()).hasValue(7);
    }

    @Test
    void theNumberOfASequenceThatADeviceCountsIsNotTold() {
        SaOptions packet = SaOptions.NONE.withOffload(Optional.of(new XfrmOffload(3, true)));
        assertThat(figures(sa(new ReplayState(0, 0, 7), ObservedSa.Errors.NONE, packet))
                        .lastSequence())
                .isEmpty();
    }

    @Test
    void theTotalIsByDirection() {
        SaFigures out = figures(sa(new ReplayState(0, 0, 7), ObservedSa.Errors.NONE));
        SaFigures in = new SaFigures(
                "in", Optional.empty(), SaDir.IN, 1, 30, 4_000, OptionalLong.empty(), ObservedSa.Errors.NONE);
        assertThat(SaFigures.total(List.of(out, in, out))).isEqualTo(new SaTraffic(10L, 1_000L, 30L, 4_000L));
    }

    private static SaFigures figures(ObservedSa there) {
        NodePlanSpec plan = new NodePlanSpec("n1", List.of(TestingNode.outbound("a", 0x1000)), List.of(), List.of());
        return SaFigures.of(
                Desired.of(List.of(new Slice("s", "uid-s", 1, plan, Optional.empty())), Map.of())
                        .sas()
                        .values()
                        .iterator()
                        .next(),
                there);
    }

    @Test
    void whatCannotBeReadIsCountedAndSomeOfItNamed() {
        assertThat(NodeReporter.unreadable(List.of())).isEmpty();
        assertThat(NodeReporter.unreadable(List.of(new Dump.Unreadable("esp 0x00001000 to 10.0.0.2", "why"))))
                .hasValueSatisfying(sentence -> assertThat(sentence)
                        .startsWith("1 of the kernel's SAs and policies cannot be read")
                        .contains("esp 0x00001000 to 10.0.0.2 (why).", "Remove them"));
        assertThat(NodeReporter.unreadable(Collections.nCopies(5, new Dump.Unreadable("an SA", "why"))))
                .hasValueSatisfying(
                        sentence -> assertThat(sentence).contains("an SA (why), an SA (why), an SA (why) and 2 more."));
    }

    private static ObservedSa sa(ReplayState replay, ObservedSa.Errors errors) {
        return sa(replay, errors, SaOptions.NONE);
    }

    private static ObservedSa sa(ReplayState replay, ObservedSa.Errors errors, SaOptions options) {
        return AsObserved.larval(SaId.esp(ip("192.0.2.2"), 0x1000), ip("192.0.2.1"), 7)
                .withReplay(replay)
                .withOptions(options)
                .withCounters(new LifetimeCounters(500, 5, Instant.EPOCH, Optional.empty()))
                .withErrors(errors);
    }
}
