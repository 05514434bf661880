package io.ipsecxdp.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

class RoundsTest {

    private final List<String> calls = new ArrayList<>();

    @Test
    void eachSubjectIsWarmedUpOnceAndThenMeasuredInEachRound() {
        Map<String, Series> series = Rounds.interleaved(7, subjects("ours", "theirs"));
        assertThat(series).containsOnlyKeys("ours", "theirs");
        assertThat(series.get("ours").rounds()).hasSize(7);
        assertThat(calls).hasSize(2 * 8).startsWith("ours", "theirs");
    }

    @Test
    void whoBeginsChangesFromRoundToRound() {
        Rounds.interleaved(7, subjects("a", "b", "c"));
        assertThat(calls.subList(3, 12)).containsExactly("a", "b", "c", "b", "c", "a", "c", "a", "b");
    }

    @Test
    void whatTheWarmUpGaveIsNotInTheSeries() {
        Map<String, DoubleSupplier> first = Map.of("ours", new DoubleSupplier() {
            private double next = 1000;

            @Override
            public double getAsDouble() {
                double now = next;
                next = 1;
                return now;
            }
        });
        assertThat(Rounds.interleaved(7, first).get("ours").rounds()).containsOnly(1.0);
    }

    @Test
    void fewerThanSevenRoundsAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Rounds.interleaved(6, subjects("ours")))
                .withMessage("6 rounds are too few: 7 at least");
    }

    private Map<String, DoubleSupplier> subjects(String... names) {
        Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
        for (String name : names) {
            subjects.put(name, () -> {
                calls.add(name);
                return calls.size();
            });
        }
        return subjects;
    }
}
