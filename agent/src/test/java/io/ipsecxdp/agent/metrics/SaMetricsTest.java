package io.ipsecxdp.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.SaTraffic;
import io.ipsecxdp.xfrm.ObservedSa;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SaMetricsTest {

    @Test
    void whatSasRefusedIsShownByReasonAsItIsNow() {
        var registry = new SimpleMeterRegistry();
        var refused = new AtomicReference<>(ObservedSa.Errors.NONE);
        SaMetrics.register(registry, refused::get, () -> new SaTraffic(1L, 200L, 3L, 400L));

        refused.set(new ObservedSa.Errors(1, 2, 3).plus(new ObservedSa.Errors(10, 20, 30)));

        assertThat(value(registry, "outside-window")).isEqualTo(11);
        assertThat(value(registry, "replayed")).isEqualTo(22);
        assertThat(value(registry, "not-authentic")).isEqualTo(33);
    }

    @Test
    void whatSasSentAndReceivedIsShownByDirection() {
        var registry = new SimpleMeterRegistry();
        SaMetrics.register(registry, () -> ObservedSa.Errors.NONE, () -> new SaTraffic(1L, 200L, 3L, 400L));

        assertThat(traffic(registry, "packets", "out")).isEqualTo(1);
        assertThat(traffic(registry, "bytes", "out")).isEqualTo(200);
        assertThat(traffic(registry, "packets", "in")).isEqualTo(3);
        assertThat(traffic(registry, "bytes", "in")).isEqualTo(400);
    }

    private static double traffic(SimpleMeterRegistry registry, String what, String direction) {
        return registry.get("ipsecxdp.sa." + what)
                .tag("direction", direction)
                .gauge()
                .value();
    }

    private static double value(SimpleMeterRegistry registry, String why) {
        return registry.get("ipsecxdp.sa.refused.packets")
                .tag("why", why)
                .gauge()
                .value();
    }
}
