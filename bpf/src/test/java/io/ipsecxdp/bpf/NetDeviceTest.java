package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetDeviceTest {
    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "../x", "eth0:1"})
    void whatTheKernelTakesForNoNameIsNone(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> new NetDevice(name, 1));
    }

    @Test
    void anIndexIsPositive() {
        assertThatIllegalArgumentException().isThrownBy(() -> new NetDevice("eth0", 0));
    }

    @Test
    void theLoopbackIsFoundByItsName() {
        assertThat(NetDevice.find("lo")).contains(new NetDevice("lo", 1));
    }

    @Test
    void anInterfaceThatIsNotThereIsNotFound() {
        assertThat(NetDevice.find("no-such-device")).isEmpty();
    }

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
