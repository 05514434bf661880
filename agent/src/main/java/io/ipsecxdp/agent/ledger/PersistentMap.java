package io.ipsecxdp.agent.ledger;

import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * An immutable map from which one with a few changes is made without copying the rest: a node may have ten thousand SAs,
 * and most changes concern one. A map that nothing changed is the same object, so that a decision can be kept for as long
 * as what it depends on is. Keys and values are never null; the order of iteration says nothing.
 */
public final class PersistentMap<K, V> extends AbstractMap<K, V> {

    private static final PersistentMap<?, ?> EMPTY = new PersistentMap<>(HashTreePMap.empty());

    private final PMap<K, V> entries;

    private PersistentMap(PMap<K, V> entries) {
        this.entries = entries;
    }

    @SuppressWarnings("unchecked")
    public static <K, V> PersistentMap<K, V> empty() {
        return (PersistentMap<K, V>) EMPTY;
    }

    /** The map itself if it is one of these. */
    public static <K, V> PersistentMap<K, V> of(Map<K, V> map) {
        return map instanceof PersistentMap<K, V> persistent ? persistent : new PersistentMap<>(HashTreePMap.from(map));
    }

    /** To make another map of this one, which stays as it is. */
    public Changes<K, V> changes() {
        return new Changes<>(this);
    }

    /** A map in the making. For one thread. */
    public static final class Changes<K, V> {
        private final PersistentMap<K, V> before;
        private PMap<K, V> now;

        private Changes(PersistentMap<K, V> before) {
            this.before = before;
            this.now = before.entries;
        }

        public boolean containsKey(K key) {
            return now.containsKey(key);
        }

        public Changes<K, V> put(K key, V value) {
            now = now.plus(key, value);
            return this;
        }

        public Changes<K, V> remove(K key) {
            now = now.minus(key);
            return this;
        }

        /** The map that was to be changed, if nothing was. */
        public PersistentMap<K, V> done() {
            return now == before.entries ? before : new PersistentMap<>(now);
        }
    }

    @Override
    public V get(Object key) {
        return entries.get(key);
    }

    @Override
    public boolean containsKey(Object key) {
        return entries.containsKey(key);
    }

    @Override
    public int size() {
        return entries.size();
    }

    @Override
    public Set<Entry<K, V>> entrySet() {
        return entries.entrySet();
    }
}
