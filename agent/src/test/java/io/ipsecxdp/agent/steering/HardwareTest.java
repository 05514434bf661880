package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.CpuList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HardwareTest {

    @TempDir
    private Path sys;

    @BeforeEach
    void twoNumaNodes() throws IOException {
        write("devices/system/node/node0/cpulist", "0-3\n");
        write("devices/system/node/node1/cpulist", "4-7\n");
    }

    private void write(String file, String text) throws IOException {
        Path path = sys.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    @Test
    void theCpusOfAnInterfaceAreThoseOfItsNumaNode() throws IOException {
        write("class/net/ens1/device/numa_node", "1\n");

        assertThat(new Hardware(sys).localCpus("ens1")).contains(CpuList.parse("4-7"));
    }

    @Test
    void anInterfaceWithoutANumaNodeHasNone() throws IOException {
        write("class/net/ens1/device/numa_node", "-1\n");

        assertThat(new Hardware(sys).localCpus("ens1")).isEmpty();
        assertThat(new Hardware(sys).localCpus("veth0")).isEmpty();
    }
}
