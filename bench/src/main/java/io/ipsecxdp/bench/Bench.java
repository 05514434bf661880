package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Project;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Measures the product, and writes {@code bench/target/figures.json}, {@code docs/figures.json} and {@code docs/figures.md}. */
public final class Bench {

    /** In the order in which they are taken: first those that want this machine for themselves. */
    static final List<Measurement> MEASUREMENTS = List.of(
            new SteeringCost(),
            new IntoTheStack(),
            new UnknownSpiDrops(),
            new SadSpeed(),
            new Resync(),
            new LargeNode(),
            new ApplyToReady(),
            new OwnerShare(),
            new Restarts(),
            new Footprint());

    private Bench() {}

    /** @param arguments which measurements, separated by commas; all without */
    public static void main(String[] arguments) {
        Set<String> known = MEASUREMENTS.stream().map(Measurement::id).collect(Collectors.toSet());
        Set<String> wanted = arguments.length == 0 ? known : Set.of(arguments[0].split(","));
        if (!known.containsAll(wanted)) {
            System.err.println("bench: there are:");
            MEASUREMENTS.forEach(one -> System.err.printf("  %-10s %s%n", one.id(), one.what()));
            System.exit(2);
        }
        Project project = Project.here();
        Path file = project.root().resolve("bench/target/figures.json");
        try (Labs labs = new Labs(project)) {
            List<Figure> figures = new ArrayList<>();
            RecordedFigures recorded = RecordedFigures.read(RecordedFigures.file(project.root()));
            for (Measurement measurement : MEASUREMENTS) {
                if (wanted.contains(measurement.id())) {
                    List<Figure> measured = figuresOf(measurement, labs);
                    measured.forEach(figure -> System.out.println(figure.line()));
                    figures.addAll(measured);
                    new Figures(figures).write(file);
                    recorded = recorded.with(measurement.id(), measured);
                    recorded.write(project.root());
                }
            }
        }
        System.out.println("written to " + file + " and " + FiguresPage.file(project.root()));
        System.exit(0);
    }

    static List<Figure> figuresOf(Measurement measurement, Labs labs) {
        try {
            return measurement.measure(labs);
        } catch (RuntimeException e) {
            e.printStackTrace();
            return List.of(Figure.unmeasured(measurement.id(), measurement.what(), "", e.toString()));
        }
    }
}
