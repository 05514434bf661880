package io.ipsecxdp.bench;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes {@code docs/figures.md}: each measurement, how it is taken, and what it gave. */
final class FiguresPage {
    /** In {@link Figure#what()}, stands between what was measured and what that is compared to. */
    private static final String BASELINE = "; baseline: ";

    private static final String INTRODUCTION = """
            # Figures

            `make bench` writes this page from the latest figures of each measurement, which it keeps in `docs/figures.json`; earlier ones are in
            the history of that file. `make bench ONLY=P5,resync` takes some measurements and leaves the others as they are. The figures of one
            run alone are in `bench/target/figures.json`, an array of `{id, what, value, unit, baseline, ratio, goal, rounds, spread, machine}`;
            what could not be measured has no `value`, and a `reason`.

            Subjects that are compared are measured in turn, in at least seven rounds after one that warms them up, and each round begins with
            another subject. "Measured" and "beside" are medians, the ratio is their quotient, and the spread is the largest round minus the
            smallest. Quote ratios rather than values: other work on a shared machine can double any time.

            Numbers in the text that are marked "by hand" were taken once and are not part of `make bench`.
            """;

    private FiguresPage() {}

    static Path file(Path root) {
        return root.resolve("docs/figures.md");
    }

    /** The page, as Markdown. */
    static String of(List<Measurement> measurements, RecordedFigures figures) {
        return INTRODUCTION
                + measurements.stream()
                        .map(measurement -> section(measurement, figures.of(measurement.id())))
                        .collect(Collectors.joining());
    }

    private static String section(Measurement measurement, List<Figure> figures) {
        return "\n## %s\n\n%s.\n\n%s\nCommand: `make bench ONLY=%s`.\n%s"
                .formatted(
                        measurement.id(),
                        sentence(measurement.what()),
                        measurement.method(),
                        measurement.id(),
                        figures.isEmpty() ? "\nNot measured yet.\n" : tables(figures));
    }

    /** One table for each machine, as figures of different machines cannot be compared. */
    private static String tables(List<Figure> figures) {
        Map<String, List<Figure>> byMachine = new LinkedHashMap<>();
        figures.forEach(figure -> byMachine
                .computeIfAbsent(figure.machine(), machine -> new ArrayList<>())
                .add(figure));
        return byMachine.entrySet().stream()
                .map(entry -> table(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining());
    }

    private static String table(String machine, List<Figure> figures) {
        return "\nMachine: %s.\n\n".formatted(machine)
                + "| What | Measured | Beside | Ratio | Goal | Rounds (spread) |\n"
                + "| --- | --- | --- | --- | --- | --- |\n"
                + figures.stream().map(FiguresPage::row).collect(Collectors.joining());
    }

    private static String row(Figure figure) {
        String[] parts = figure.what().split(BASELINE, 2);
        return "| %s | %s | %s | %s | %s | %s |\n"
                .formatted(
                        parts[0],
                        figure.value()
                                .map(value -> number(value) + " " + figure.unit())
                                .orElseGet(
                                        () -> "not measured: " + figure.reason().orElse("no reason given")),
                        beside(figure, parts),
                        figure.ratio()
                                .map(ratio -> String.format(Locale.ROOT, "%.2f", ratio))
                                .orElse(""),
                        figure.goal().map(goal -> verdict(goal, figure)).orElse(""),
                        rounds(figure));
    }

    private static String beside(Figure figure, String[] parts) {
        String whom = parts.length == 2 ? parts[1] : "";
        return figure.baseline()
                .map(baseline -> whom.isEmpty() ? number(baseline) : number(baseline) + ", " + whom)
                .orElse(whom);
    }

    private static String verdict(Goal goal, Figure figure) {
        return "`%s`, %s".formatted(goal, goal.isReachedBy(figure) ? "reached" : "**missed**");
    }

    private static String rounds(Figure figure) {
        if (figure.rounds() == 0) {
            return "";
        }
        return figure.rounds()
                + figure.spread()
                        .map(spread -> " (%s)".formatted(number(spread)))
                        .orElse("");
    }

    private static String number(double value) {
        return Math.abs(value) >= 1_000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    private static String sentence(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }
}
