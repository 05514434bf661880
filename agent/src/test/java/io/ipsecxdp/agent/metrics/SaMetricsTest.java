package io.ipsecxdp.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.xfrm.ObservedSa;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SaMetricsTest {

    @Test
    void whatSasRefusedIsShownByReasonAsItIsNow() {
        var registry = new SimpleMeterRegistry();
        var refused = new AtomicReference<>(ObservedSa.Errors.NONE);
        SaMetrics.register(registry, refused::get);

        refused.set(new ObservedSa.Errors(1, 2, 3).plus(new ObservedSa.Errors(10, 20, 30)));

        assertThat(value(registry, "outside-window")).isEqualTo(11);
        assertThat(value(registry, "replayed")).isEqualTo(22);
        assertThat(value(registry, "not-authentic")).isEqualTo(33);
    }

    private static double value(SimpleMeterRegistry registry, String why) {
        return registry.get("ipsecxdp.sa.refused.packets")
                .tag("why", why)
                .gauge()
                .value();
    }
}
