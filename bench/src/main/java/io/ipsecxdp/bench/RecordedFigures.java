package io.ipsecxdp.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The latest figures of each measurement, which the project keeps in {@code docs/figures.json}. {@code
 * docs/figures.md} is written from them ({@link FiguresPage}).
 *
 * @param byMeasurement the figures by {@link Measurement#id()}
 */
record RecordedFigures(SortedMap<String, List<Figure>> byMeasurement) {

    RecordedFigures {
        SortedMap<String, List<Figure>> copy = new TreeMap<>();
        byMeasurement.forEach((measurement, figures) -> copy.put(measurement, List.copyOf(figures)));
        byMeasurement = Collections.unmodifiableSortedMap(copy);
    }

    static Path file(Path root) {
        return root.resolve("docs/figures.json");
    }

    static RecordedFigures read(Path file) {
        try {
            return new RecordedFigures(new TreeMap<>(
                    Figures.JSON.readValue(Files.readString(file), new TypeReference<Map<String, List<Figure>>>() {})));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The figures of one measurement; empty if it was never taken. */
    List<Figure> of(String measurement) {
        return byMeasurement.getOrDefault(measurement, List.of());
    }

    /** These figures with {@code measured} in place of the older ones, unless nothing could be measured. */
    RecordedFigures with(String measurement, List<Figure> measured) {
        boolean hasValue = measured.stream().anyMatch(figure -> figure.value().isPresent());
        if (!hasValue && byMeasurement.containsKey(measurement)) {
            return this;
        }
        SortedMap<String, List<Figure>> changed = new TreeMap<>(byMeasurement);
        changed.put(measurement, measured);
        return new RecordedFigures(changed);
    }

    /** An object with one array of figures for each measurement. */
    String json() {
        try {
            return Figures.JSON.writeValueAsString(byMeasurement) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes {@code docs/figures.json}, and {@code docs/figures.md} from it. */
    void write(Path root) {
        try {
            Files.writeString(file(root), json());
            Files.writeString(FiguresPage.file(root), FiguresPage.of(Bench.MEASUREMENTS, this));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
