package io.ipsecxdp.agent.ledger;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * An immutable map from which one with a few changes is made without copying the rest: a node may have ten thousand SAs,
 * and most changes concern one. Keys and values are never null; the order of iteration says nothing.
 */
public final class PersistentMap<K, V> extends AbstractMap<K, V> {

    /**
     * A map of at most so many entries is a single part. A repair makes maps of a handful of entries and goes through them;
     * with all parts, most of them empty, that would take longer than the repair.
     */
    private static final int FEW = 16;

    /** A larger map has this many parts, and a change copies one of them: some forty entries of ten thousand. */
    private static final int PARTS = 256;

    private static final int SHIFT = Integer.SIZE - Integer.numberOfTrailingZeros(PARTS);

    /**
     * A hash is multiplied by it (2^32 divided by the golden ratio; odd, so no two hashes become one), and the upper bits
     * choose the part. A {@link HashMap} chooses its bucket by the lower bits, so within a part these must still differ.
     */
    private static final int SPREAD = 0x9e3779b9;

    /** Stands for each part without entries, so that those need no map of their own. Recognised by identity. */
    private static final Map<?, ?> NO_ENTRIES = Map.of();

    private static final PersistentMap<?, ?> EMPTY = new PersistentMap<>(emptyParts(1), 0);

    private final Map<K, V>[] parts;
    private final int size;

    private PersistentMap(Map<K, V>[] parts, int size) {
        this.parts = parts;
        this.size = size;
    }

    @SuppressWarnings("unchecked")
    public static <K, V> PersistentMap<K, V> empty() {
        return (PersistentMap<K, V>) EMPTY;
    }

    /** The map itself if it is one of these. */
    public static <K, V> PersistentMap<K, V> of(Map<K, V> map) {
        if (map instanceof PersistentMap<K, V> persistent) {
            return persistent;
        }
        Changes<K, V> changes = PersistentMap.<K, V>empty().changes();
        map.forEach(changes::put);
        return changes.done();
    }

    /** To make another map of this one, which stays as it is. */
    public Changes<K, V> changes() {
        return new Changes<>(this);
    }

    /** A map in the making. For one thread, and not to be used after {@link #done}. */
    public static final class Changes<K, V> {
        private final PersistentMap<K, V> before;
        /** The array of the map before until the first change, then a copy of the array; its maps are copied one by one. */
        private Map<K, V>[] parts;

        private int size;

        private Changes(PersistentMap<K, V> before) {
            this.before = before;
            this.parts = before.parts;
            this.size = before.size;
        }

        public boolean containsKey(K key) {
            return part(parts, key).containsKey(key);
        }

        public Changes<K, V> put(K key, V value) {
            if (own(key).put(key, value) == null) {
                size++;
                if (size > FEW && parts.length == 1) {
                    split();
                }
            }
            return this;
        }

        public Changes<K, V> remove(K key) {
            if (part(parts, key).containsKey(key)) {
                own(key).remove(key);
                size--;
            }
            return this;
        }

        /** The map that was to be changed, if nothing was. */
        public PersistentMap<K, V> done() {
            return parts == before.parts ? before : new PersistentMap<>(parts, size);
        }

        /** The part of the key, to be changed: a copy if the map before has the same one. */
        private Map<K, V> own(K key) {
            if (parts == before.parts) {
                parts = parts.clone();
            }
            int index = index(parts, key);
            boolean shared = parts.length == before.parts.length && parts[index] == before.parts[index];
            if (shared || parts[index] == NO_ENTRIES) {
                parts[index] = new HashMap<>(parts[index]);
            }
            return parts[index];
        }

        private void split() {
            Map<K, V> all = parts[0];
            parts = emptyParts(PARTS);
            all.forEach((key, value) -> own(key).put(key, value));
        }
    }

    @Override
    public V get(Object key) {
        return part(parts, key).get(key);
    }

    @Override
    public boolean containsKey(Object key) {
        return part(parts, key).containsKey(key);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Set<Entry<K, V>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Entry<K, V>> iterator() {
                return new Entries();
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    private static <K, V> Map<K, V> part(Map<K, V>[] parts, Object key) {
        return parts[index(parts, key)];
    }

    private static int index(Map<?, ?>[] parts, Object key) {
        return parts.length == 1 ? 0 : key.hashCode() * SPREAD >>> SHIFT;
    }

    @SuppressWarnings("unchecked")
    private static <K, V> Map<K, V>[] emptyParts(int count) {
        Map<K, V>[] parts = (Map<K, V>[]) new Map<?, ?>[count];
        Arrays.fill(parts, NO_ENTRIES);
        return parts;
    }

    /** All entries, part by part. */
    private final class Entries implements Iterator<Entry<K, V>> {
        private int next;
        private Iterator<Entry<K, V>> part = Collections.emptyIterator();

        @Override
        public boolean hasNext() {
            while (!part.hasNext() && next < parts.length) {
                Map<K, V> filled = parts[next++];
                if (!filled.isEmpty()) {
                    part = Collections.unmodifiableMap(filled).entrySet().iterator();
                }
            }
            return part.hasNext();
        }

        @Override
        public Entry<K, V> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return part.next();
        }
    }
}
