package io.ipsecxdp.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

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
}
