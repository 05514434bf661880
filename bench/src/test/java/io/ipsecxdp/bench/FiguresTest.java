package io.ipsecxdp.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {

    private static final List<String> FIELDS =
            List.of("id", "what", "value", "unit", "baseline", "ratio", "goal", "rounds", "spread", "machine");

    private final Figure figure = Figure.median("P0-add", "SAs per second", "1/s", Series.of(90, 100, 130))
            .against(50)
            .aiming(Goal.ratioAtLeast(0.6))
            .on("a machine");

    @Test
    void aFigureIsAnObjectWithTheAgreedFields() throws IOException {
        JsonNode json = json(figure);
        assertThat(names(json)).containsExactlyElementsOf(FIELDS);
        assertThat(json.get("value").doubleValue()).isEqualTo(100);
        assertThat(json.get("baseline").doubleValue()).isEqualTo(50);
        assertThat(json.get("ratio").doubleValue()).isEqualTo(2);
        assertThat(json.get("goal").textValue()).isEqualTo("ratio >= 0.6");
        assertThat(json.get("rounds").intValue()).isEqualTo(3);
        assertThat(json.get("spread").doubleValue()).isEqualTo(40);
        assertThat(json.get("machine").textValue()).isEqualTo("a machine");
    }

    @Test
    void whatCouldNotBeMeasuredIsThereWithItsReason() throws IOException {
        JsonNode json = json(Bench.figuresOf(new Broken(), new Labs(null)).getFirst());
        assertThat(names(json)).containsAll(FIELDS).contains("reason");
        assertThat(json.get("id").textValue()).isEqualTo("P0");
        assertThat(json.get("value").isNull()).isTrue();
        assertThat(json.get("ratio").isNull()).isTrue();
        assertThat(json.get("rounds").intValue()).isZero();
        assertThat(json.get("reason").textValue()).contains("there is no such kernel");
    }

    @Test
    void aGoalIsAboutTheValueOrTheRatio() {
        assertThat(Goal.ratioAtLeast(2).isReachedBy(figure)).isTrue();
        assertThat(Goal.ratioAtLeast(2.1).isReachedBy(figure)).isFalse();
        assertThat(Goal.ratioAtMost(1.9).isReachedBy(figure)).isFalse();
        assertThat(Goal.valueAtMost(100).isReachedBy(figure)).isTrue();
        assertThat(Goal.valueAtLeast(101).isReachedBy(figure)).isFalse();
    }

    @Test
    void aGoalIsReadAsItIsWritten() {
        for (Goal goal : List.of(Goal.ratioAtLeast(0.6), Goal.valueAtMost(5_000), Goal.valueAtMost(0))) {
            assertThat(Goal.parse(goal.toString())).isEqualTo(goal);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Goal.parse("ratio of 2"));
    }

    @Test
    void whatWasNotMeasuredReachesNoGoal() {
        Figure nothing = Figure.unmeasured("P0", "nothing", "ns", "no such kernel");
        assertThat(Goal.valueAtMost(Double.MAX_VALUE).isReachedBy(nothing)).isFalse();
    }

    @Test
    void aRatioToNothingIsNone() {
        assertThat(Figure.median("P0", "lost", "packets", Series.of(1))
                        .against(0)
                        .ratio())
                .isEmpty();
    }

    @Test
    void numbersAreKeptToFourDigitsWhateverTheirSize() {
        assertThat(Figure.median("P0", "", "s", Series.of(0.000123456)).value()).contains(0.0001235);
        assertThat(Figure.median("P0", "", "B", Series.of(1234567.8)).value()).contains(1234568.0);
    }

    @Test
    void everyMeasurementHasANameOfItsOwnAndSaysHowItIsTaken() {
        assertThat(Bench.MEASUREMENTS).extracting(Measurement::id).doesNotHaveDuplicates();
        assertThat(Bench.MEASUREMENTS).extracting(Measurement::what).doesNotContain("");
        assertThat(Bench.MEASUREMENTS).extracting(Measurement::method).allMatch(method -> method.endsWith(".\n"));
    }

    private static JsonNode json(Figure figure) throws IOException {
        JsonNode array = new ObjectMapper().readTree(new Figures(List.of(figure)).json());
        assertThat(array.isArray()).isTrue();
        assertThat(array).hasSize(1);
        return array.get(0);
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static final class Broken implements Measurement {
        @Override
        public String id() {
            return "P0";
        }

        @Override
        public String what() {
            return "what nobody can measure";
        }

        @Override
        public String method() {
            return "";
        }

        @Override
        public List<Figure> measure(Labs labs) {
            throw new IllegalStateException("there is no such kernel");
        }
    }
}
