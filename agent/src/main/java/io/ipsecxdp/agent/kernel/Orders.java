package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.xfrm.links.Link;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What the node's slices order, and what follows from it for this node: where an entry names an interface, the kernel wants
 * its index. For one thread.
 */
final class Orders {

    /** The API server counts the generation up with each change of a spec, and with no other. */
    private record Order(String slice, String uid, long generation) {}

    private Optional<List<Slice>> slices = Optional.empty();
    /** Indexes by name; none if no entry depends on one. */
    private Map<String, Integer> interfaces = Map.of();
    /** What is desired does not follow from the slices yet. */
    private boolean changed;

    boolean areKnown() {
        return slices.isPresent();
    }

    List<Slice> slices() {
        return slices.orElseThrow();
    }

    /** Takes the slices in; returns whether they order something else than before: a status may be all that is new. */
    boolean read(List<Slice> read) {
        boolean same =
                slices.filter(before -> orders(before).equals(orders(read))).isPresent();
        slices = Optional.of(read);
        changed |= !same;
        return !same;
    }

    /** Whether what is desired follows from other slices. */
    boolean areChanged() {
        return changed;
    }

    /** What is desired now; empty if that is the same as the last time. */
    Optional<Desired> desired(Supplier<Map<String, Link>> links) {
        Map<String, Integer> now = Desired.namesInterfaces(slices()) ? indexes(links.get()) : Map.of();
        if (!changed && now.equals(interfaces)) {
            return Optional.empty();
        }
        Desired desired = Desired.of(slices(), now);
        interfaces = now;
        changed = false;
        return Optional.of(desired);
    }

    /** By name. */
    static Map<String, Integer> indexes(Map<String, Link> links) {
        return links.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().device().index()));
    }

    private static Set<Order> orders(List<Slice> slices) {
        return slices.stream()
                .map(slice -> new Order(slice.name(), slice.uid(), slice.generation()))
                .collect(Collectors.toSet());
    }
}
