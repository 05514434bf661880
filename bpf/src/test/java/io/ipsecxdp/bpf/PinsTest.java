package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;

class PinsTest {

    @Property
    void everyNameIsFoundAgainFromItsPins(
            @ForAll @StringLength(min = 1, max = 15) @CharRange(from = 'a', to = 'c') @CharRange(from = '.', to = '.')
                    String name) {
        var pins = Pins.of(Path.of("/pins"), name);
        assertThat(pins.ifname()).isEqualTo(name);
        assertThat(pins.folder().getFileName().toString()).doesNotContain(".");
        assertThat(pins.folder().getParent()).isEqualTo(Path.of("/pins"));
    }
}
