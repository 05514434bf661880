package io.ipsecxdp.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import org.junit.jupiter.api.Test;

class XfrmMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final XfrmMetrics metrics = new XfrmMetrics(registry);

    @Test
    void eachCounterOfTheKernelIsASeriesThatShowsItsLatestValue() {
        metrics.show(Map.of("XfrmInNoStates", 3L, "XfrmInStateSeqError", 1L));
        metrics.show(Map.of("XfrmInNoStates", 5L, "XfrmInStateSeqError", 1L));

        assertThat(value("XfrmInNoStates")).isEqualTo(5);
        assertThat(value("XfrmInStateSeqError")).isEqualTo(1);
        assertThat(registry.getMeters()).hasSize(2);
    }

    @Test
    void aCounterThatCouldNotBeReadKeepsItsLatestValue() {
        metrics.show(Map.of("XfrmInNoStates", 3L));
        metrics.show(Map.of());

        assertThat(value("XfrmInNoStates")).isEqualTo(3);
    }

    private double value(String counter) {
        return registry.get("ipsecxdp.xfrm.errors")
                .tag("counter", counter)
                .functionCounter()
                .count();
    }
}
