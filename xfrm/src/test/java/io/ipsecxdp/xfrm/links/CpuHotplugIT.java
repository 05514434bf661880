package io.ipsecxdp.xfrm.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CpuHotplugIT {

    /** A uevent that is asked for (Documentation/ABI/testing/sysfs-uevent) does nothing to the CPU. */
    private static final Path ASK = Path.of("/sys/devices/system/cpu/cpu0/uevent");

    @Test
    void whatHappensToACpuIsHeardInEveryNetworkNamespace() throws Exception {
        Needs.root();
        try (NetworkNamespace namespace = NetworkNamespace.create();
                CpuHotplug news = namespace.call(CpuHotplug::listen)) {
            var heard = CompletableFuture.supplyAsync(news::await);

            Files.writeString(ASK, "offline");

            assertThat(heard.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }
}
