package io.ipsecxdp.agent.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PersistentMapTest {

    /** @param value put there, 0 to remove the key */
    record Change(int key, int value) {}

    @Provide
    Arbitrary<List<Change>> changes() {
        return Combinators.combine(
                        Arbitraries.integers().between(-40, 40),
                        Arbitraries.integers().between(0, 3))
                .as(Change::new)
                .list()
                .ofMaxSize(80);
    }

    private static PersistentMap<Integer, Integer> with(PersistentMap<Integer, Integer> map, List<Change> changes) {
        var more = map.changes();
        changes.forEach(change -> {
            if (change.value() == 0) {
                more.remove(change.key());
            } else {
                more.put(change.key(), change.value());
            }
        });
        return more.done();
    }

    private static Map<Integer, Integer> plain(Map<Integer, Integer> map, List<Change> changes) {
        Map<Integer, Integer> plain = new HashMap<>(map);
        changes.forEach(change -> {
            if (change.value() == 0) {
                plain.remove(change.key());
            } else {
                plain.put(change.key(), change.value());
            }
        });
        return plain;
    }

    @Property
    void itHoldsWhatAnyMapWouldHold(@ForAll("changes") List<Change> first, @ForAll("changes") List<Change> second) {
        PersistentMap<Integer, Integer> before = with(PersistentMap.empty(), first);
        PersistentMap<Integer, Integer> after = with(before, second);

        Map<Integer, Integer> expected = plain(Map.of(), first);
        assertThat(after).isEqualTo(plain(expected, second));
        assertThat(after.keySet()).hasSize(after.size());
        assertThat(before).as("the map that was changed").isEqualTo(expected);
        assertThat(with(PersistentMap.of(before), second)).isEqualTo(after);
    }

    @Property
    void aSetForgetsAndRemembersAlike(@ForAll("changes") List<Change> changes) {
        PersistentSet<Integer> before =
                PersistentSet.of(plain(Map.of(), changes).keySet());
        List<Integer> some = changes.stream().map(Change::value).toList();

        assertThat(before.changes().removeAll(some).done()).noneMatch(some::contains);
        assertThat(before.changes().addAll(some).done()).containsAll(some).containsAll(before);
        assertThat(before).isEqualTo(plain(Map.of(), changes).keySet());
    }
}
