package io.ipsecxdp.bpf.jna;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BpfExceptionTest {

    @Test
    void anExceptionSaysWhatWasTriedAndWhy() {
        assertThatThrownBy(() -> Bpf.check("Sizing the map cpus", -22))
                .isInstanceOf(BpfException.class)
                .hasMessage("Sizing the map cpus failed: EINVAL (invalid argument)");
        assertThat(Bpf.check("Sizing the map cpus", 5)).isEqualTo(5);
    }
}
