package io.ipsecxdp.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OperatorMetricsTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final OperatorMetrics metrics = new OperatorMetrics(registry);

    @Test
    void reconcilesAndFailedWritesAddUp() {
        metrics.reconciled(Duration.ofMillis(30));
        metrics.reconciled(Duration.ofMillis(12));
        metrics.failedWrites(2);
        metrics.failedWrites(1);

        assertThat(registry.get("ipsecxdp.reconciles").functionTimer().count()).isEqualTo(2);
        assertThat(registry.get("ipsecxdp.reconciles").functionTimer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(42);
        assertThat(registry.get("ipsecxdp.failed.writes").functionCounter().count())
                .isEqualTo(3);
    }
}
