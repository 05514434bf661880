package io.ipsecxdp.e2e;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The ESP SAs by which nodes send, and those by which they receive.
 *
 * @param outbound with source, destination and SPI; those whose source is the node that has them
 * @param inbound those whose destination is the node that has them, and with the node's name what it should not have at all
 */
record PairedSads(Set<String> outbound, Set<String> inbound) {
    private static final Pattern ESP = Pattern.compile("(?m)^src (\\S+) dst (\\S+)\\s+proto esp spi (0x[0-9a-f]+)");

    static PairedSads of(List<Node> nodes) {
        Set<String> outbound = new TreeSet<>();
        Set<String> inbound = new TreeSet<>();
        for (Node node : nodes) {
            List<String> own = node.facts().addresses();
            ESP.matcher(node.run("ip", "xfrm", "state", "list", "nokeys"))
                    .results()
                    .forEach(sa -> {
                        String name = "%s %s %s".formatted(sa.group(1), sa.group(2), sa.group(3));
                        if (own.contains(sa.group(1))) {
                            outbound.add(name);
                        } else {
                            inbound.add(own.contains(sa.group(2)) ? name : name + " on " + node.name());
                        }
                    });
        }
        return new PairedSads(outbound, inbound);
    }

    /** Whether each node receives by exactly what the others send by, and each sends to each other one by {@code count} SAs. */
    boolean agree(List<Node> nodes, int count) {
        var counts = outbound.stream()
                .map(sa -> sa.substring(0, sa.lastIndexOf(' ')))
                .collect(Collectors.groupingBy(pair -> pair, Collectors.counting()));
        return outbound.equals(inbound)
                && counts.size() == nodes.size() * (nodes.size() - 1)
                && counts.values().stream().allMatch(of -> of == count);
    }

    @Override
    public String toString() {
        return "%d out %s, %d in %s".formatted(outbound.size(), outbound, inbound.size(), inbound);
    }
}
