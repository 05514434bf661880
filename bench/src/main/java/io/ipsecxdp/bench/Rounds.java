package io.ipsecxdp.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;

/**
 * Measures several things in turn, so that what else the machine does falls on all of them: its other work doubles any
 * time from one minute to the next.
 */
public final class Rounds {

    /** Fewer say little about their median. */
    public static final int LEAST = 7;

    private Rounds() {}

    /**
     * Measures each subject once for nothing, to warm it up, then all of them round by round; who begins changes from
     * round to round.
     *
     * @param rounds {@link #LEAST} or more
     * @param subjects what measures each; called on this thread
     */
    public static <K> Map<K, Series> interleaved(int rounds, Map<K, DoubleSupplier> subjects) {
        if (rounds < LEAST) {
            throw new IllegalArgumentException("%d rounds are too few: %d at least".formatted(rounds, LEAST));
        }
        subjects.values().forEach(DoubleSupplier::getAsDouble);
        List<Map.Entry<K, DoubleSupplier>> order = List.copyOf(subjects.entrySet());
        Map<K, List<Double>> values = new LinkedHashMap<>();
        subjects.keySet().forEach(subject -> values.put(subject, new ArrayList<>()));
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < order.size(); i++) {
                var subject = order.get((round + i) % order.size());
                values.get(subject.getKey()).add(subject.getValue().getAsDouble());
            }
        }
        return values.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        entry -> new Series(entry.getValue()),
                        (one, other) -> one,
                        LinkedHashMap::new));
    }
}
