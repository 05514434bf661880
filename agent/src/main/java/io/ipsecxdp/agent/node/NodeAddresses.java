package io.ipsecxdp.agent.node;

import java.net.InetAddress;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which addresses are the node's own. A dummy interface that is down holds what every node has, and is no place that
 * packets come from: kube-proxy in mode IPVS gives its {@code kube-ipvs0} the address of each Service.
 *
 * @param all of which the kernel takes packets as its own
 * @param reported those of a wider scope than the link, by interface
 * @param unreported how many more there are, beyond what an object of the API can have
 */
record NodeAddresses(Set<InetAddress> all, Map<String, List<String>> reported, int unreported) {

    /** Far more than hosts have, and far less than the API server takes in an object. */
    static final int MOST_REPORTED = 256;

    /**
     * An interface with its addresses.
     *
     * @param idle it is a dummy, and down
     */
    record Addressed(String name, boolean idle, List<InetAddress> addresses) {}

    static NodeAddresses of(Collection<Addressed> interfaces) {
        Set<InetAddress> all = new HashSet<>();
        Map<String, List<String>> reported = new TreeMap<>();
        int room = MOST_REPORTED;
        int unreported = 0;
        for (Addressed one : interfaces.stream()
                .filter(link -> !link.idle())
                .sorted(Comparator.comparing(Addressed::name))
                .toList()) {
            all.addAll(one.addresses());
            List<String> texts = one.addresses().stream()
                    .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                    .map(address -> address.getHostAddress().replaceAll("%.*", ""))
                    .sorted()
                    .toList();
            List<String> first = List.copyOf(texts.subList(0, Math.min(room, texts.size())));
            room -= first.size();
            unreported += texts.size() - first.size();
            if (!first.isEmpty()) {
                reported.put(one.name(), first);
            }
        }
        return new NodeAddresses(Set.copyOf(all), reported, unreported);
    }
}
