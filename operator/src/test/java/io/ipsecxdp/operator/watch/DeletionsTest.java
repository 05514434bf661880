package io.ipsecxdp.operator.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeletionsTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final Instant OVER = NOON.plus(Deletions.MOMENT);

    private final Deletions deletions = new Deletions();

    @Test
    void whatIsPlannedAndNotDeclaredWasJustDeletedUntilAMomentIsOver() {
        assertThat(deletions.recent(Set.of("a", "b"), Set.of("b"), NOON))
                .isEqualTo(new Deletions.Recent(Set.of("a"), Optional.of(OVER)));

        Instant shortly = OVER.minusMillis(1);
        assertThat(deletions.recent(Set.of("a", "b"), Set.of(), shortly))
                .isEqualTo(new Deletions.Recent(Set.of("a", "b"), Optional.of(OVER)));
        assertThat(deletions.recent(Set.of("a", "b"), Set.of(), OVER))
                .isEqualTo(new Deletions.Recent(Set.of("b"), Optional.of(shortly.plus(Deletions.MOMENT))));
    }

    @Test
    void whatNoPlanHasIsForgotten() {
        deletions.recent(Set.of("a"), Set.of(), NOON);

        assertThat(deletions.recent(Set.of(), Set.of(), NOON).uids()).isEmpty();
        assertThat(deletions.recent(Set.of("a"), Set.of(), OVER).uids()).containsExactly("a");
    }
}
