package io.ipsecxdp.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class XfrmStatTest {

    @Test
    void aLineIsANameAndANumber() {
        assertThat(XfrmStat.parse(List.of("XfrmInError             \t0", "XfrmInNoStates          \t17", "")))
                .isEqualTo(Map.of("XfrmInError", 0L, "XfrmInNoStates", 17L));
    }

    @Test
    void whatIsNoSuchLineIsLeftOut() {
        assertThat(XfrmStat.parse(List.of("XfrmInError", "a b c", "XfrmNew -1", "XfrmNew x")))
                .isEmpty();
    }
}
