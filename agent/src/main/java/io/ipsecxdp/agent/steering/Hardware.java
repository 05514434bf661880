package io.ipsecxdp.agent.steering;

import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.linux.Ethtool;
import io.ipsecxdp.linux.SystemCallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What the node's hardware says of an interface.
 *
 * @param sys where sysfs is mounted
 */
record Hardware(Path sys) {

    /** The CPUs of the NUMA node that the interface is attached to; empty if it has none, as virtual ones do. */
    Optional<CpuList> localCpus(String interfaceName) {
        return read(sys.resolve("class/net").resolve(interfaceName).resolve("device/numa_node"))
                .map(Integer::parseInt)
                // -1: the firmware does not tell (Documentation/ABI/testing/sysfs-bus-pci)
                .filter(node -> node >= 0)
                .flatMap(node -> read(sys.resolve("devices/system/node/node" + node + "/cpulist")))
                .map(CpuList::parse)
                .filter(cpus -> !cpus.cpus().isEmpty());
    }

    /** Its features that are on; none if it cannot say, as when it is just going away. */
    SortedSet<String> activeFeatures(String interfaceName) {
        try {
            return Ethtool.activeFeatures(interfaceName);
        } catch (SystemCallException e) {
            return new TreeSet<>();
        }
    }

    /** @throws SystemCallException if the kernel refuses; a driver may also do nothing */
    void switchOff(String interfaceName, Collection<String> features) {
        Ethtool.switchOff(interfaceName, features);
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
