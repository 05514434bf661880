package io.ipsecxdp.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ErrnoTest {
    @Test
    void anErrorIsNamedAndExplained() {
        assertThat(Errno.EBUSY.name()).isEqualTo("EBUSY");
        assertThat(Errno.EBUSY.describe()).isEqualTo("EBUSY (busy)");
        assertThat(new Errno(524).describe()).isEqualTo("ENOTSUPP (not supported by this kernel)");
    }

    @Test
    void anErrorWithoutANameKeepsItsNumber() {
        assertThat(new Errno(4095).name()).isEqualTo("errno 4095");
        assertThat(new Errno(4095).describe()).isEqualTo("errno 4095");
    }
}
