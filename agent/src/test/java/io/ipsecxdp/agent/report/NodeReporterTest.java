package io.ipsecxdp.agent.report;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.SaCounters;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.LifetimeCounters;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.ReplayState;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmOffload;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeReporterTest {

    @Test
    void theReplayStateOfAnSaIsTold() {
        assertThat(NodeReporter.counters(
                        "a", Optional.empty(), sa(new ReplayState(64, 99, 0), new ObservedSa.Errors(3, 2, 1))))
                .isEqualTo(new SaCounters("a", null, 5L, 500L, 99L, 3L, 2L, 1L));
        assertThat(NodeReporter.counters("a", Optional.empty(), sa(new ReplayState(0, 0, 7), ObservedSa.Errors.NONE)))
                .isEqualTo(new SaCounters("a", null, 5L, 500L, 7L, null, null, null));
    }

    @Test
    void ofSeveralSasOfOneObjectItIsToldWhichOneItIs() {
        assertThat(NodeReporter.counters(
                                "a", Optional.of("cpu-3"), sa(new ReplayState(0, 0, 7), ObservedSa.Errors.NONE))
                        .child())
                .isEqualTo("cpu-3");
    }

    @Test
    void whatDidNotHappenIsLeftOut() {
        assertThat(NodeReporter.counters("a", Optional.empty(), sa(new ReplayState(64, 0, 0), ObservedSa.Errors.NONE)))
                .isEqualTo(new SaCounters("a", null, 5L, 500L, null, null, null, null));
    }

    @Test
    void theNumberOfASequenceThatADeviceCountsIsNotTold() {
        SaOptions packet = SaOptions.NONE.withOffload(Optional.of(new XfrmOffload(3, true)));
        assertThat(NodeReporter.counters(
                        "a", Optional.empty(), sa(new ReplayState(0, 0, 7), ObservedSa.Errors.NONE, packet)))
                .isEqualTo(new SaCounters("a", null, 5L, 500L, null, null, null, null));
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
