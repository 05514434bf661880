package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.operator.compile.Acknowledgement;
import io.ipsecxdp.operator.compile.Entry;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.compile.PlannedSlice;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Which reports must come from which node before an object is in force there. */
final class Expectations {
    private record Version(String node, ObjectKey object, String uid, long generation) {}

    private record Source(ObjectKey object, String uid) {}

    private final Map<Version, Map<Entry.Key, Acknowledgement>> parts = new HashMap<>();
    private final Set<Source> planned = new HashSet<>();

    Expectations(Collection<PlannedSlice> slices) {
        for (var slice : slices) {
            String node = slice.spec().node();
            Entry.of(slice.spec()).forEach(entry -> expect(node, entry));
        }
    }

    /** What {@code node} is planned to have of this version of an object, by what is reported one by one; nothing if it is not planned there. */
    Map<Entry.Key, Acknowledgement> of(String node, ObjectKey object, String uid, long generation) {
        return parts.getOrDefault(new Version(node, object, uid, generation), Map.of());
    }

    /** Whether any node is planned to have any version of an object. */
    boolean isPlanned(ObjectKey object, String uid) {
        return planned.contains(new Source(object, uid));
    }

    private void expect(String node, Entry entry) {
        var object = entry.key().object();
        var version = new Version(node, object, entry.uid(), entry.generation());
        var expected = parts.computeIfAbsent(version, none -> new TreeMap<>());
        entry.parts()
                .forEach(part ->
                        expected.put(new Entry.Key(object, entry.key().child(), part), entry.acknowledgement()));
        planned.add(new Source(object, entry.uid()));
    }
}
