package io.ipsecxdp.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.e2e.Project;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FiguresPageTest {
    private static final Measurement RACE = new Race();

    private final Figure fast = Figure.median(
                    "race-fast", "laps; baseline: a snail", "1/s", Series.of(1200, 1230, 1300))
            .against(600)
            .aiming(Goal.ratioAtLeast(2))
            .on("a track");

    private final Figure elsewhere = Figure.median("race-sand", "laps in sand", "1/s", Series.of(1.5))
            .aiming(Goal.valueAtLeast(2))
            .on("a beach");

    /** With {@code -Dfigures.write=true} it writes the page: for whoever changed a {@link Measurement#method()}. */
    @Test
    void theCommittedPageIsWhatTheCommittedFiguresMake() throws IOException {
        Path root = Project.here().root();
        RecordedFigures recorded = RecordedFigures.read(RecordedFigures.file(root));
        if (Boolean.getBoolean("figures.write")) {
            recorded.write(root);
        }
        assertThat(Files.readString(FiguresPage.file(root))).isEqualTo(FiguresPage.of(Bench.MEASUREMENTS, recorded));
        assertThat(Files.readString(RecordedFigures.file(root))).isEqualTo(recorded.json());
    }

    @Test
    void everyRecordedMeasurementStillExists() {
        assertThat(RecordedFigures.read(RecordedFigures.file(Project.here().root()))
                        .byMeasurement()
                        .keySet())
                .isNotEmpty()
                .isSubsetOf(Bench.MEASUREMENTS.stream().map(Measurement::id).toList());
    }

    @Test
    void aMeasurementSaysWhatItIsHowItIsTakenAndByWhichCommand() {
        assertThat(page(fast)).contains("""
                        ## race

                        Laps per second.

                        Who runs, runs alone.

                        Command: `make bench ONLY=race`.
                        """);
    }

    @Test
    void aFigureStandsBesideWhatItIsComparedToWithItsGoal() {
        assertThat(page(fast))
                .contains("| laps | 1,230 1/s | 600, a snail | 2.05 | `ratio >= 2`, reached | 3 (100) |\n");
    }

    @Test
    void aMissedGoalIsSaidSo() {
        assertThat(page(elsewhere)).contains("| laps in sand | 1.5 1/s |  |  | `value >= 2`, **missed** | 1 (0) |\n");
    }

    @Test
    void figuresOfDifferentMachinesAreInDifferentTables() {
        assertThat(page(fast, elsewhere)).containsSubsequence("Machine: a track.", "| laps |", "Machine: a beach.");
    }

    @Test
    void whatCouldNotBeMeasuredSaysWhy() {
        assertThat(page(Figure.unmeasured("race", "laps", "1/s", "it rained")))
                .contains("| laps | not measured: it rained |");
    }

    @Test
    void whatWasNeverMeasuredSaysSo() {
        assertThat(FiguresPage.of(List.of(RACE), none())).contains("ONLY=race`.\n\nNot measured yet.\n");
    }

    @Test
    void newFiguresReplaceTheOlderOnesOfTheirMeasurementAlone() {
        RecordedFigures both = none().with("race", List.of(fast)).with("other", List.of(elsewhere));
        RecordedFigures later = both.with("race", List.of(elsewhere));
        assertThat(later.of("race")).containsExactly(elsewhere);
        assertThat(later.of("other")).containsExactly(elsewhere);
    }

    @Test
    void aFailedMeasurementLeavesWhatWasMeasuredBefore() {
        RecordedFigures recorded = none().with("race", List.of(fast));
        List<Figure> failed = List.of(Figure.unmeasured("race", "laps", "1/s", "it rained"));
        assertThat(recorded.with("race", failed)).isEqualTo(recorded);
        assertThat(none().with("race", failed).of("race")).isEqualTo(failed);
    }

    @Test
    void recordedFiguresAreReadAsTheyWereWritten(@TempDir Path folder) throws IOException {
        RecordedFigures recorded = none().with(
                        "race",
                        List.of(fast, elsewhere, Figure.unmeasured("race-ice", "laps on ice", "1/s", "it thawed")));
        Path file = Files.writeString(folder.resolve("figures.json"), recorded.json());
        assertThat(RecordedFigures.read(file)).isEqualTo(recorded);
    }

    private static RecordedFigures none() {
        return new RecordedFigures(new TreeMap<>());
    }

    private static String page(Figure... figures) {
        return FiguresPage.of(List.of(RACE), none().with("race", List.of(figures)));
    }

    private static final class Race implements Measurement {
        @Override
        public String id() {
            return "race";
        }

        @Override
        public String what() {
            return "laps per second";
        }

        @Override
        public String method() {
            return "Who runs, runs alone.\n";
        }

        @Override
        public List<Figure> measure(Labs labs) {
            return List.of();
        }
    }
}
