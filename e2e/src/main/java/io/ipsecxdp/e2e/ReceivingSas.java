package io.ipsecxdp.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The SAs by which nodes receive, as their kernels have them: of those of a Tunnel no object says anything. */
public final class ReceivingSas {
    private static final Pattern SA =
            Pattern.compile("(?s)src \\S+ dst (\\S+)\\s+proto esp spi 0x([0-9a-f]{8}).*?(?=\\nsrc |\\z)");
    private static final Pattern CPU = Pattern.compile("pcpu-num (\\d+)");

    private ReceivingSas() {}

    /** Of both directions, by name: both nodes, and the CPU that sends by it. */
    public static List<Load.LoadedSa> between(Node first, Node second) {
        List<Load.LoadedSa> sas = new ArrayList<>();
        sas.addAll(from(first, second));
        sas.addAll(from(second, first));
        sas.sort(java.util.Comparator.comparing(Load.LoadedSa::name));
        return sas;
    }

    /** The owner CPU of each SA of a node with a destination, by SPI; empty for one that any CPU may use. */
    public static Map<Long, Optional<Integer>> owners(Node node, String destination) {
        Map<Long, Optional<Integer>> owners = new TreeMap<>();
        SA.matcher(node.run("ip", "xfrm", "state", "list", "nokeys"))
                .results()
                .filter(sa -> sa.group(1).equals(destination))
                .forEach(sa -> owners.put(
                        Long.parseLong(sa.group(2), 16),
                        CPU.matcher(sa.group())
                                .results()
                                .map(cpu -> Integer.valueOf(cpu.group(1)))
                                .findFirst()));
        return owners;
    }

    private static List<Load.LoadedSa> from(Node sender, Node receiver) {
        String address = receiver.facts().address(IpFamily.IPV4);
        Map<Long, Optional<Integer>> sending = owners(sender, address);
        return owners(receiver, address).entrySet().stream()
                .map(sa -> new Load.LoadedSa(
                        "%s-%s-%s"
                                .formatted(
                                        sender.name(),
                                        receiver.name(),
                                        sending.getOrDefault(sa.getKey(), Optional.empty())
                                                .map(cpu -> "cpu" + cpu)
                                                .orElse("any")),
                        sa.getKey(),
                        sa.getValue()))
                .toList();
    }
}
