package io.ipsecxdp.crds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuListTest {
    @Property(tries = 300)
    void whatIsWrittenIsReadBack(@ForAll Set<@IntRange(max = 65535) Integer> cpus) {
        var list = CpuList.of(cpus);
        assertThat(CpuList.parse(list.toString())).isEqualTo(list);
    }

    @Test
    void neighboursAreWrittenAsARange() {
        assertThat(CpuList.parse("8,0,1,2,3")).hasToString("0-3,8");
    }

    @Test
    void nothingIsAnEmptyList() {
        assertThat(CpuList.parse("").cpus()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "1,", ",1", "1-", "-1", "1--2", "99999", "1 2", "0x1"})
    void whatIsNoListIsRefusedWithAnExample(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuList.parse(text))
                .withMessageContaining("0-3,8");
    }

    @Test
    void aBackwardRangeIsRefusedWithTheRemedy() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuList.parse("3-1"))
                .withMessageContaining("write 1-3");
    }
}
