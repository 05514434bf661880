package io.ipsecxdp.bench;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Locale;

/** What a figure should be, such as {@code ratio >= 0.6}. */
public record Goal(Of of, Comparison comparison, double limit) {

    /** The number of a figure that a goal is about. */
    public enum Of {
        VALUE,
        RATIO
    }

    public enum Comparison {
        AT_LEAST(">="),
        AT_MOST("<=");

        private final String sign;

        Comparison(String sign) {
            this.sign = sign;
        }
    }

    public static Goal valueAtLeast(double limit) {
        return new Goal(Of.VALUE, Comparison.AT_LEAST, limit);
    }

    public static Goal valueAtMost(double limit) {
        return new Goal(Of.VALUE, Comparison.AT_MOST, limit);
    }

    public static Goal ratioAtLeast(double limit) {
        return new Goal(Of.RATIO, Comparison.AT_LEAST, limit);
    }

    public static Goal ratioAtMost(double limit) {
        return new Goal(Of.RATIO, Comparison.AT_MOST, limit);
    }

    /**
     * Reads what {@link #toString} writes.
     *
     * @throws IllegalArgumentException if {@code text} is not a number's name, a comparison and a limit
     */
    @JsonCreator
    public static Goal parse(String text) {
        String[] words = text.split(" ");
        if (words.length != 3) {
            throw new IllegalArgumentException("Not a goal such as 'ratio >= 0.6': " + text);
        }
        Comparison comparison = Arrays.stream(Comparison.values())
                .filter(one -> one.sign.equals(words[1]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("Neither >= nor <= in the goal: " + text));
        return new Goal(Of.valueOf(words[0].toUpperCase(Locale.ROOT)), comparison, Double.parseDouble(words[2]));
    }

    /** A figure without the number that the goal is about does not reach it. */
    public boolean isReachedBy(Figure figure) {
        return (of == Of.VALUE ? figure.value() : figure.ratio())
                .filter(number -> comparison == Comparison.AT_LEAST ? number >= limit : number <= limit)
                .isPresent();
    }

    @Override
    @JsonValue
    public String toString() {
        return "%s %s %s"
                .formatted(
                        of.name().toLowerCase(Locale.ROOT),
                        comparison.sign,
                        limit == Math.rint(limit) ? Long.toString((long) limit) : Double.toString(limit));
    }
}
