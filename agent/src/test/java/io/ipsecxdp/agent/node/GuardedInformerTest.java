package io.ipsecxdp.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When a watch is behind the API server, and when that has another past than it had. */
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

    @Test
    void anApiServerThatGoesOnHasNotGoneBack() {
        assertThat(GuardedInformer.hasGoneBack(100, Optional.of(90L), 100, Optional.of(90L)))
                .isFalse();
        assertThat(GuardedInformer.hasGoneBack(100, Optional.of(90L), 120, Optional.of(110L)))
                .as("a change of which the watch has not told yet")
                .isFalse();
        assertThat(GuardedInformer.hasGoneBack(100, Optional.of(90L), 120, Optional.empty()))
                .as("a deletion of which it has not told yet")
                .isFalse();
        assertThat(GuardedInformer.hasGoneBack(100, Optional.of(110L), 110, Optional.of(110L)))
                .as("what is known may be ahead of what is counted as seen")
                .isFalse();
        assertThat(GuardedInformer.hasGoneBack(100, Optional.empty(), 100, Optional.empty()))
                .isFalse();
    }

    @Test
    void oneWhoseVersionIsBeforeWhatWasHeardHas() {
        assertThat(GuardedInformer.hasGoneBack(100, Optional.empty(), 99, Optional.empty()))
                .isTrue();
        assertThat(GuardedInformer.hasGoneBack(100, Optional.of(110L), 109, Optional.empty()))
                .isTrue();
    }

    @Test
    void soHasOneThatIsBeyondItAgainWithAnObjectAsItNeverWas() {
        assertThat(GuardedInformer.hasGoneBack(100, Optional.of(90L), 120, Optional.of(80L)))
                .as("before its last change")
                .isTrue();
        assertThat(GuardedInformer.hasGoneBack(100, Optional.of(90L), 120, Optional.of(95L)))
                .as("changed meanwhile, in a version that was heard without that")
                .isTrue();
    }
}
