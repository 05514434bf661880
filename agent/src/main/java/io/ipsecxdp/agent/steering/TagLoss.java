package io.ipsecxdp.agent.steering;

import io.ipsecxdp.xfrm.links.Link;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * An interface whose frames come to native XDP without the VLAN tag that they had. XDP cannot see it, and a CPUMAP makes
 * the packet from the frame alone (kernel/bpf/cpumap.c, cpu_map_kthread_run): it would arrive untagged, on the interface
 * below the VLAN, and a switch above would not know whose it is. Generic XDP hands the packet on with its tag (kernel/bpf/devmap.c and cpumap.c, cpu_map_generic_redirect).
 *
 * @param vlans who would miss the tags: VLAN interfaces, and bridges and Open vSwitches that look at them
 * @param offloads what takes the tags out, by interface; empty if that is in another network namespace
 */
record TagLoss(SortedSet<String> vlans, SortedMap<String, SortedSet<String>> offloads) {

    /** Takes the tags out of received frames. */
    private static final Set<String> OF_RECEIVER = Set.of("rx-vlan-hw-parse", "rx-vlan-stag-hw-parse");

    /** Leaves the tags out of sent frames, which a veth hands to its peer as they are. */
    private static final Set<String> OF_SENDER = Set.of("tx-vlan-hw-insert", "tx-vlan-stag-hw-insert");

    /** @param activeFeatures of an interface, by its name */
    static Optional<TagLoss> on(Link link, Collection<Link> all, Function<String, SortedSet<String>> activeFeatures) {
        SortedSet<String> vlans = vlans(link, all);
        if (vlans.isEmpty()) {
            return Optional.empty();
        }
        if (link.kind().equals("veth") && link.otherElsewhere()) {
            return Optional.of(new TagLoss(vlans, new TreeMap<>()));
        }
        SortedMap<String, SortedSet<String>> offloads = new TreeMap<>();
        for (Link sender : peers(link, all)) {
            add(offloads, sender, OF_SENDER, activeFeatures);
        }
        if (!link.kind().equals("veth")) {
            for (Link receiver : receivers(link, all)) {
                add(offloads, receiver, OF_RECEIVER, activeFeatures);
            }
        }
        return offloads.isEmpty() ? Optional.empty() : Optional.of(new TagLoss(vlans, offloads));
    }

    boolean canBeSwitchedOff() {
        return !offloads.isEmpty();
    }

    /** A sentence that names the remedy. */
    String message() {
        String stacked = String.join(", ", vlans);
        if (offloads.isEmpty()) {
            return ("%s above it needs VLAN tags, and its veth peer, which may hide them from XDP, is in another network "
                            + "namespace; steered, packets could arrive here without the tag. Set spec.mode: Generic, "
                            + "which keeps tags.")
                    .formatted(stacked);
        }
        String commands = offloads.entrySet().stream()
                .map(entry -> "ethtool -K %s %s off".formatted(entry.getKey(), String.join(" off ", entry.getValue())))
                .collect(Collectors.joining("; "));
        return ("%s above it needs VLAN tags, and an offload hides them from XDP; steered, packets would arrive here "
                        + "without the tag. Set spec.vlanOffload: SwitchOff, or spec.mode: Generic, or run %s.")
                .formatted(stacked, commands);
    }

    private static void add(
            Map<String, SortedSet<String>> offloads,
            Link link,
            Set<String> features,
            Function<String, SortedSet<String>> activeFeatures) {
        SortedSet<String> active =
                new TreeSet<>(activeFeatures.apply(link.device().name()));
        active.retainAll(features);
        if (!active.isEmpty()) {
            offloads.put(link.device().name(), active);
        }
    }

    /** On the interface itself, or on the bonds and bridges that it is a port of; and those of them that look at tags. */
    private static SortedSet<String> vlans(Link link, Collection<Link> all) {
        SortedSet<String> vlans = new TreeSet<>();
        Set<Integer> seen = new HashSet<>();
        Optional<Link> at = Optional.of(link);
        while (at.isPresent() && seen.add(at.get().device().index())) {
            Link now = at.get();
            all.stream()
                    .filter(other -> other.isVlanOn(now.device().index()))
                    .forEach(vlan -> vlans.add(vlan.device().name()));
            at = all.stream()
                    .filter(other -> now.master().isPresent()
                            && other.device().index() == now.master().getAsInt())
                    .findFirst();
            at.filter(Link::isVlanAware)
                    .ifPresent(above -> vlans.add(above.device().name()));
        }
        return vlans;
    }

    private static List<Link> peers(Link link, Collection<Link> all) {
        return all.stream()
                .filter(other -> link.kind().equals("veth")
                        && link.other().isPresent()
                        && other.device().index() == link.other().getAsInt())
                .toList();
    }

    /** XDP on a bond runs on its ports (drivers/net/bonding/bond_main.c, bond_xdp_set). */
    private static List<Link> receivers(Link link, Collection<Link> all) {
        return all.stream()
                .filter(other -> other.equals(link)
                        || link.kind().equals("bond")
                                && other.master().isPresent()
                                && other.master().getAsInt() == link.device().index())
                .toList();
    }
}
