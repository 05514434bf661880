package io.ipsecxdp.operator.compile;

/** Which declared object. */
public record ObjectKey(DeclaredKind<?, ?> kind, String name) implements Comparable<ObjectKey> {
    @Override
    public int compareTo(ObjectKey other) {
        int byKind = kind.compareTo(other.kind);
        return byKind != 0 ? byKind : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return kind + " " + name;
    }
}
