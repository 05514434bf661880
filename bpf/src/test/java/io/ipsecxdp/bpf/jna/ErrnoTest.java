package io.ipsecxdp.bpf.jna;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ErrnoTest {
    @Test
    void anErrorIsNamedAndExplained() {
        assertThat(Errno.name(Errno.EBUSY)).isEqualTo("EBUSY");
        assertThat(Errno.describe(Errno.EBUSY)).isEqualTo("EBUSY (busy)");
        assertThat(Errno.describe(524)).isEqualTo("ENOTSUPP (not supported by this kernel)");
    }

    @Test
    void anErrorWithoutANameKeepsItsNumber() {
        assertThat(Errno.name(4095)).isEqualTo("errno 4095");
        assertThat(Errno.describe(4095)).isEqualTo("errno 4095");
    }

    @Test
    void anExceptionSaysWhatWasTriedAndWhy() {
        assertThatThrownBy(() -> Bpf.check("Sizing the map cpus", -22))
                .isInstanceOf(BpfException.class)
                .hasMessage("Sizing the map cpus failed: EINVAL (invalid argument)");
        assertThat(Bpf.check("Sizing the map cpus", 5)).isEqualTo(5);
    }
}
