package io.ipsecxdp.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SeriesTest {

    @Test
    void theMedianOfAnOddNumberOfRoundsIsTheOneInTheMiddle() {
        assertThat(Series.of(9, 1, 5).median()).isEqualTo(5);
    }

    @Test
    void theMedianOfAnEvenNumberOfRoundsIsTheMeanOfTheTwoInTheMiddle() {
        assertThat(Series.of(9, 1, 5, 6).median()).isEqualTo(5.5);
    }

    @Test
    void oneOutlierMovesTheSpreadAndNotTheMedian() {
        Series quiet = Series.of(10, 11, 12, 13, 14, 15, 16);
        Series disturbed = Series.of(10, 11, 12, 13, 14, 15, 600);
        assertThat(disturbed.median()).isEqualTo(quiet.median());
        assertThat(disturbed.spread()).isEqualTo(590);
    }

    @Test
    void percentilesAreOfTheRoundsThemselves() {
        Series series = Series.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        assertThat(series.percentile(50)).isEqualTo(5);
        assertThat(series.percentile(99)).isEqualTo(10);
        assertThat(series.percentile(0)).isEqualTo(1);
    }

    @Test
    void aQuotientIsTakenRoundByRound() {
        assertThat(Series.of(1, 20).over(Series.of(2, 10)).rounds()).containsExactly(0.5, 2.0);
        assertThat(Series.of(1).over(Series.of(3)).median()).isCloseTo(1.0 / 3, within(1e-12));
    }

    @Test
    void whatIsWrittenAsALineIsReadBack() {
        Series add = Series.of(0.1, 1e9);
        Series delete = Series.of(3);
        assertThat(Series.read(add.line("add") + "\n" + delete.line("delete") + "\n"))
                .containsEntry("add", add)
                .containsEntry("delete", delete)
                .hasSize(2);
    }

    @Test
    void nothingMeasuredIsNoSeries() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Series(List.of()));
    }
}
