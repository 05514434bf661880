package io.ipsecxdp.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.MemoryUsage;
import org.junit.jupiter.api.Test;

class OldGenerationTest {

    @Test
    void isCollectedWhenItHasGrownByMuchOfWhatLivesInIt() {
        assertThat(OldGeneration.isDue(mebibytes(55), mebibytes(40))).isTrue();
        assertThat(OldGeneration.isDue(mebibytes(50), mebibytes(40))).isFalse();
    }

    @Test
    void aLittleIsNotCollected() {
        assertThat(OldGeneration.isDue(mebibytes(3), mebibytes(0))).isFalse();
        assertThat(OldGeneration.isDue(mebibytes(5), mebibytes(0))).isTrue();
    }

    private static MemoryUsage mebibytes(long used) {
        return new MemoryUsage(-1, used << 20, used << 20, -1);
    }
}
