package io.ipsecxdp.agent.loop;

import static io.ipsecxdp.agent.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.xfrm.Counters;
import io.ipsecxdp.agent.xfrm.Mode;
import io.ipsecxdp.agent.xfrm.ObservedSa;
import io.ipsecxdp.agent.xfrm.ReplayState;
import io.ipsecxdp.agent.xfrm.SaId;
import io.ipsecxdp.agent.xfrm.SaOptions;
import io.ipsecxdp.crds.SaCounters;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReporterTest {

    @Test
    void theReplayStateOfAnSaIsTold() {
        assertThat(Reporter.counters("a", sa(new ReplayState(64, 99, 0), new ObservedSa.Errors(3, 2, 1))))
                .isEqualTo(new SaCounters("a", 5L, 500L, 99L, 3L, 2L, 1L));
        assertThat(Reporter.counters("a", sa(new ReplayState(0, 0, 7), ObservedSa.Errors.NONE)))
                .isEqualTo(new SaCounters("a", 5L, 500L, 7L, null, null, null));
    }

    @Test
    void whatDidNotHappenIsLeftOut() {
        assertThat(Reporter.counters("a", sa(new ReplayState(64, 0, 0), ObservedSa.Errors.NONE)))
                .isEqualTo(new SaCounters("a", 5L, 500L, null, null, null, null));
    }

    private static ObservedSa sa(ReplayState replay, ObservedSa.Errors errors) {
        return new ObservedSa(
                SaId.esp(ip("192.0.2.2"), 0x1000),
                ip("192.0.2.1"),
                Optional.empty(),
                Mode.TUNNEL,
                Optional.empty(),
                7,
                replay,
                OptionalInt.empty(),
                SaOptions.NONE,
                new Counters(500, 5, Instant.EPOCH, Optional.empty()),
                errors,
                Set.of());
    }
}
