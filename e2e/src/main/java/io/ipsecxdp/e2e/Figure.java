package io.ipsecxdp.e2e;

import java.util.Arrays;
import java.util.Optional;

/**
 * Something that was measured.
 *
 * @param baseline the same without the product, or before a change
 * @param ratio {@code value / baseline}
 * @param goal what it should be at most, or exactly if it is a count of losses
 * @param rounds how often it was measured; value is the median, unless what it is says otherwise
 * @param spread the difference between the largest and the smallest
 */
public record Figure(
        String id,
        String what,
        double value,
        String unit,
        Optional<Double> baseline,
        Optional<Double> ratio,
        Optional<Double> goal,
        int rounds,
        double spread,
        String machine) {

    static Figure of(String id, String what, String unit, double[] rounds, double value) {
        double[] sorted = rounds.clone();
        Arrays.sort(sorted);
        return new Figure(
                id,
                what,
                rounded(value),
                unit,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                sorted.length,
                rounded(sorted[sorted.length - 1] - sorted[0]),
                Machine.describe());
    }

    /** The median of some rounds. */
    static Figure median(String id, String what, String unit, double... rounds) {
        return of(id, what, unit, rounds, percentile(rounds, 50));
    }

    Figure against(double other) {
        return new Figure(
                id,
                what,
                value,
                unit,
                Optional.of(rounded(other)),
                other == 0 ? Optional.empty() : Optional.of(rounded(value / other)),
                goal,
                rounds,
                spread,
                machine);
    }

    Figure aiming(double limit) {
        return new Figure(id, what, value, unit, baseline, ratio, Optional.of(limit), rounds, spread, machine);
    }

    /** Nearest rank. */
    static double percentile(double[] values, double percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(percent / 100 * sorted.length);
        return sorted[Math.max(rank, 1) - 1];
    }

    private static double rounded(double number) {
        return Math.round(number * 100) / 100.0;
    }
}
