package io.ipsecxdp.agent.ledger;

import java.util.AbstractSet;
import java.util.Collection;
import java.util.Iterator;
import java.util.Set;

/** An immutable set from which one with a few changes is made without copying the rest. */
public final class PersistentSet<T> extends AbstractSet<T> {

    private final PersistentMap<T, T> elements;

    private PersistentSet(PersistentMap<T, T> elements) {
        this.elements = elements;
    }

    /** The set itself if it is one of these. */
    public static <T> PersistentSet<T> of(Set<T> set) {
        return set instanceof PersistentSet<T> persistent
                ? persistent
                : new PersistentSet<>(PersistentMap.<T, T>empty())
                        .changes()
                        .addAll(set)
                        .done();
    }

    /** To make another set of this one, which stays as it is. */
    public Changes<T> changes() {
        return new Changes<>(this);
    }

    /** A set in the making. For one thread, and not to be used after {@link #done}. */
    public static final class Changes<T> {
        private final PersistentSet<T> before;
        private final PersistentMap.Changes<T, T> elements;

        private Changes(PersistentSet<T> before) {
            this.before = before;
            this.elements = before.elements.changes();
        }

        public boolean contains(T element) {
            return elements.containsKey(element);
        }

        public Changes<T> add(T element) {
            if (!elements.containsKey(element)) {
                elements.put(element, element);
            }
            return this;
        }

        public Changes<T> addAll(Collection<T> some) {
            some.forEach(this::add);
            return this;
        }

        public Changes<T> remove(T element) {
            elements.remove(element);
            return this;
        }

        public Changes<T> removeAll(Collection<T> some) {
            some.forEach(this::remove);
            return this;
        }

        /** The set that was to be changed, if nothing was. */
        public PersistentSet<T> done() {
            PersistentMap<T, T> now = elements.done();
            return now == before.elements ? before : new PersistentSet<>(now);
        }
    }

    @Override
    public boolean contains(Object element) {
        return elements.containsKey(element);
    }

    @Override
    public Iterator<T> iterator() {
        return elements.keySet().iterator();
    }

    @Override
    public int size() {
        return elements.size();
    }
}
