package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SteeringConfigTest {
    @Test
    void cpusAreSortedAndNamedOnce() {
        assertThat(SteeringConfig.of(List.of(3, 1, 3), 2048).cpus()).containsExactly(1, 3);
    }

    @Test
    void itDoesNotChangeAfterwards() {
        var cpus = new TreeSet<>(Set.of(0));
        var config = SteeringConfig.of(cpus, 2048);
        cpus.add(1);
        assertThat(config.cpus()).containsExactly(0);
    }

    @Test
    void atLeastOneCpuIsNeeded() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SteeringConfig.of(Set.of(), 2048))
                .withMessage("a steering policy needs at least one CPU");
    }

    @Test
    void noCpuIsNegative() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SteeringConfig.of(Set.of(-1), 2048))
                .withMessage("there is no CPU -1");
    }

    @Test
    void queuesHaveTheSizesThatTheKernelTakes() {
        SteeringConfig.of(Set.of(0), 1);
        SteeringConfig.of(Set.of(0), 16384);
        assertThatIllegalArgumentException().isThrownBy(() -> SteeringConfig.of(Set.of(0), 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SteeringConfig.of(Set.of(0), 16385))
                .withMessage("queue size 16385 is not within 1 and 16384");
    }

    @Test
    void bucketsMoveOnlyToCpusOfThePolicy() {
        var config = SteeringConfig.of(Set.of(0, 1), 64);
        assertThat(config.withMovedBuckets(Map.of(7, 1)).table().cpuOfBucket(7)).isEqualTo(1);
        assertThatIllegalArgumentException().isThrownBy(() -> config.withMovedBuckets(Map.of(7, 2)));
        assertThatIllegalArgumentException().isThrownBy(() -> config.withMovedBuckets(Map.of(HashCpus.BUCKETS, 0)));
    }

    @Test
    void spisAndPortsAreThoseThatCanBeOnTheWire() {
        var config = SteeringConfig.of(Set.of(0), 64);
        assertThat(config.withFixed(Map.of(0xFFFFFFFFL, 0)).fixed()).containsOnlyKeys(0xFFFFFFFFL);
        assertThatIllegalArgumentException().isThrownBy(() -> config.withFixed(Map.of(0x100000000L, 0)));
        assertThatIllegalArgumentException().isThrownBy(() -> config.withFixed(Map.of(-1L, 0)));
        assertThatIllegalArgumentException().isThrownBy(() -> config.withUdpPorts(Set.of(0)));
        assertThatIllegalArgumentException().isThrownBy(() -> config.withUdpPorts(Set.of(65536)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.withUdpPorts(Set.of(1, 2, 3, 4, 5, 6, 7, 8, 9)))
                .withMessage("9 UDP ports are more than 8");
    }
}
