package io.ipsecxdp.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.ipsecxdp.e2e.Machine;
import java.util.Optional;

/**
 * Something that was measured, or why it was not.
 *
 * @param value the median of the rounds, unless {@code what} says otherwise; empty if it was not measured
 * @param baseline what it is compared to, as {@code what} says
 * @param ratio {@code value / baseline}
 * @param rounds how often it was measured
 * @param spread the difference between the largest and the smallest round
 * @param machine where
 * @param reason why there is no value; empty if there is one
 */
public record Figure(
        String id,
        String what,
        Optional<Double> value,
        String unit,
        Optional<Double> baseline,
        Optional<Double> ratio,
        Optional<Goal> goal,
        int rounds,
        Optional<Double> spread,
        String machine,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Optional<String> reason) {

    /** The median of the rounds, measured on this machine. */
    public static Figure median(String id, String what, String unit, Series series) {
        return of(id, what, unit, series, series.median());
    }

    /** Another number than the median of what the rounds gave, measured on this machine. */
    public static Figure of(String id, String what, String unit, Series series, double value) {
        return new Figure(
                id,
                what,
                Optional.of(rounded(value)),
                unit,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                series.rounds().size(),
                Optional.of(rounded(series.spread())),
                Machine.describe(),
                Optional.empty());
    }

    /** What could not be measured. */
    public static Figure unmeasured(String id, String what, String unit, String reason) {
        return new Figure(
                id,
                what,
                Optional.empty(),
                unit,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                0,
                Optional.empty(),
                Machine.describe(),
                Optional.of(reason));
    }

    /** Beside the same number of something else. */
    public Figure against(double other) {
        return new Figure(
                id,
                what,
                value,
                unit,
                Optional.of(rounded(other)),
                value.filter(number -> other != 0).map(number -> rounded(number / other)),
                goal,
                rounds,
                spread,
                machine,
                reason);
    }

    public Figure aiming(Goal aim) {
        return new Figure(id, what, value, unit, baseline, ratio, Optional.of(aim), rounds, spread, machine, reason);
    }

    /** Measured somewhere else than on this machine's own kernel. */
    public Figure on(String place) {
        return new Figure(id, what, value, unit, baseline, ratio, goal, rounds, spread, place, reason);
    }

    /** A line for people. */
    public String line() {
        if (reason.isPresent()) {
            return "%-28s not measured: %s".formatted(id, reason.get());
        }
        var text = new StringBuilder("%-28s %12.2f %s".formatted(id, value.orElseThrow(), unit));
        ratio.ifPresent(
                times -> text.append(", %.2f times the baseline's %.2f".formatted(times, baseline.orElseThrow())));
        goal.ifPresent(aim -> text.append(", goal %s %s".formatted(aim, aim.isReachedBy(this) ? "reached" : "MISSED")));
        return text.append("   (").append(what).append(')').toString();
    }

    /** To four significant digits, as a nanosecond may be as much as a megabyte. */
    private static double rounded(double number) {
        if (number == 0 || !Double.isFinite(number)) {
            return number;
        }
        double scale = Math.pow(10, 3 - Math.floor(Math.log10(Math.abs(number))));
        return scale < 1 ? Math.rint(number) : Math.rint(number * scale) / scale;
    }
}
