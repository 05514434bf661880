package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CountersTest {
    /** On CPU 0 as many packets as the outcome's number, on CPU 1 one more. */
    private final Counters counters = new Counters(Arrays.stream(Outcome.values())
            .collect(Collectors.toMap(
                    o -> o, o -> List.of(new Count(o.number(), 10L * o.number()), new Count(1, 10)))));

    @Test
    void anOutcomeIsSummedOverAllCpus() {
        assertThat(counters.of(Outcome.OWNER)).isEqualTo(new Count(7, 70));
        assertThat(counters.perCpu(Outcome.OWNER)).containsExactly(new Count(6, 60), new Count(1, 10));
    }

    @Test
    void theTotalIsEveryFrameSeen() {
        assertThat(Totals.of(counters)).isEqualTo(new Count(210 + 21, 2100 + 210));
    }

    @Test
    void steeredAreThoseRedirected() {
        assertThat(Totals.steered(counters).packets()).isEqualTo(6 + 7 + 8 + 9 + 16 + 17 + 19 + 7);
    }
}
