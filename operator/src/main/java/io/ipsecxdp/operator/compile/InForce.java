package io.ipsecxdp.operator.compile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What the plans have already, by the object that it comes from. */
final class InForce {
    private record Source(ObjectKey object, String uid) {}

    private final Map<Source, List<Placed>> entries = new HashMap<>();
    private final SortedMap<Slot, Entry> unique = new TreeMap<>();

    InForce(Collection<ExistingSlice> slices) {
        for (var slice : Slicer.inOrder(slices)) {
            for (var entry : Entry.of(slice.spec())) {
                unique.putIfAbsent(new Slot(slice.spec().node(), entry.key()), entry);
            }
        }
        unique.forEach((slot, entry) -> entries.computeIfAbsent(
                        new Source(entry.key().object(), entry.uid()), none -> new ArrayList<>())
                .add(new Placed(slot.node(), entry)));
    }

    /** A place in the plan of a node. */
    record Slot(String node, Entry.Key key) implements Comparable<Slot> {
        @Override
        public int compareTo(Slot other) {
            int byNode = node.compareTo(other.node);
            return byNode != 0 ? byNode : key.compareTo(other.key);
        }
    }

    /** All entries of all nodes. */
    Stream<Placed> all() {
        return unique.entrySet().stream().map(slot -> new Placed(slot.getKey().node(), slot.getValue()));
    }

    /** The entry of this key in the plan of {@code node}, of whichever object of its name. */
    Optional<Entry> at(String node, Entry.Key key) {
        return Optional.ofNullable(unique.get(new Slot(node, key)));
    }

    /** The entries of {@code object}: of it, not of one that had its name before. */
    List<Placed> of(Declared<?> object) {
        return List.copyOf(entries.getOrDefault(new Source(object.key(), object.uid()), List.of()));
    }
}
