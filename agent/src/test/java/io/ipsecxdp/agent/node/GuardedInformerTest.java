package io.ipsecxdp.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When a watch is behind the API server. */
class GuardedInformerTest {

    private static final Map<String, Long> KNOWN = Map.of("n1-0", 100L);

    @Test
    void withoutNewsItIsNot() {
        assertThat(GuardedInformer.isBehind(Map.of(), KNOWN)).isFalse();
    }

    @Test
    void whereTheNewsAreKnownOrOvertakenItIsNot() {
        assertThat(GuardedInformer.isBehind(Map.of("n1-0", Optional.of(100L)), KNOWN))
                .isFalse();
        assertThat(GuardedInformer.isBehind(Map.of("n1-0", Optional.of(99L)), KNOWN))
                .isFalse();
        assertThat(GuardedInformer.isBehind(Map.of("n1-1", Optional.empty()), KNOWN))
                .isFalse();
    }

    @Test
    void whereAChangeAnAdditionOrADeletionIsNotKnownItIs() {
        assertThat(GuardedInformer.isBehind(Map.of("n1-0", Optional.of(101L)), KNOWN))
                .isTrue();
        assertThat(GuardedInformer.isBehind(Map.of("n1-1", Optional.of(1L)), KNOWN))
                .isTrue();
        assertThat(GuardedInformer.isBehind(Map.of("n1-0", Optional.empty()), KNOWN))
                .isTrue();
    }
}
