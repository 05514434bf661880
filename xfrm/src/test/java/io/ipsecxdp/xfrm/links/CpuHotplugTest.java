package io.ipsecxdp.xfrm.links;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuHotplugTest {

    @ParameterizedTest
    @ValueSource(strings = {"offline@/devices/system/cpu/cpu1", "online@/devices/system/cpu/cpu127"})
    void whatHappensToACpuIsHeard(String header) {
        assertThat(heard(header)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "add@/devices/virtual/net/veth1",
                "change@/devices/system/cpu/cpuidle",
                "bind@/bus/cpu/drivers/processor",
                "offline@/devices/system/cpu/cpu",
                "@",
                ""
            })
    void whatHappensToOtherDevicesIsNot(String header) {
        assertThat(heard(header)).isFalse();
    }

    private static boolean heard(String header) {
        byte[] text = (header + "\0ACTION=x\0SUBSYSTEM=x\0").getBytes(StandardCharsets.US_ASCII);
        return CpuHotplug.isOfACpu(ByteBuffer.wrap(text), text.length);
    }
}
