package io.ipsecxdp.operator.compile;

import java.util.Comparator;

/** Which declared object. */
public record ObjectKey(Kind kind, String name) implements Comparable<ObjectKey> {
    @Override
    public int compareTo(ObjectKey other) {
        return Comparator.comparing(ObjectKey::kind)
                .thenComparing(ObjectKey::name)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return kind + " " + name;
    }
}
