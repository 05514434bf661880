package io.ipsecxdp.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What one thing gave, round by round. */
public record Series(List<Double> rounds) {

    /** @throws IllegalArgumentException without a round */
    public Series {
        rounds = List.copyOf(rounds);
        if (rounds.isEmpty()) {
            throw new IllegalArgumentException("Nothing was measured");
        }
    }

    public static Series of(double... rounds) {
        return new Series(Arrays.stream(rounds).boxed().toList());
    }

    /** The one in the middle, or the mean of the two there. */
    public double median() {
        List<Double> sorted = sorted();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** By nearest rank. */
    public double percentile(double percent) {
        int rank = (int) Math.ceil(percent / 100 * rounds.size());
        return sorted().get(Math.max(rank, 1) - 1);
    }

    /** The difference between the largest and the smallest. */
    public double spread() {
        return sorted().getLast() - sorted().getFirst();
    }

    /** The quotient of each round with the same round of {@code baseline}, which was measured beside it. */
    public Series over(Series baseline) {
        return new Series(IntStream.range(0, Math.min(rounds.size(), baseline.rounds.size()))
                .mapToObj(round -> rounds.get(round) / baseline.rounds.get(round))
                .toList());
    }

    /** A line that {@link #read} understands. */
    public String line(String name) {
        return name + rounds.stream().map(round -> " " + round).collect(Collectors.joining());
    }

    /** Reads what {@link #line} wrote, by name. */
    public static Map<String, Series> read(String text) {
        return text.lines()
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(
                        words -> words[0],
                        words -> new Series(Arrays.stream(words)
                                .skip(1)
                                .map(Double::parseDouble)
                                .toList())));
    }

    private List<Double> sorted() {
        return rounds.stream().sorted().toList();
    }
}
