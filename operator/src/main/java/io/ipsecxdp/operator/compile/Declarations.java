package io.ipsecxdp.operator.compile;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All that users declare, by kind, and what they have only just deleted. */
public final class Declarations {
    public static final Declarations NONE = new Declarations(Map.of(), Set.of());

    private final Map<DeclaredKind<?, ?>, List<? extends Declared<?>>> objects;
    private final Set<String> justDeleted;

    private Declarations(Map<DeclaredKind<?, ?>, List<? extends Declared<?>>> objects, Set<String> justDeleted) {
        this.objects = objects;
        this.justDeleted = Set.copyOf(justDeleted);
    }

    /** These, and {@code declared} as all objects of {@code kind}. */
    public <S> Declarations with(DeclaredKind<S, ?> kind, List<Declared<S>> declared) {
        var more = new TreeMap<DeclaredKind<?, ?>, List<? extends Declared<?>>>(objects);
        more.put(kind, List.copyOf(declared));
        return new Declarations(more, justDeleted);
    }

    /** These, and {@code uids} as those of all objects that were deleted a moment ago. */
    public Declarations withJustDeleted(Set<String> uids) {
        return new Declarations(objects, uids);
    }

    /** Whether the object was deleted so short a time ago that others may be deleted together with it. */
    boolean isJustDeleted(String uid) {
        return justDeleted.contains(uid);
    }

    @SuppressWarnings("unchecked")
    public <S> List<Declared<S>> of(DeclaredKind<S, ?> kind) {
        return (List<Declared<S>>) objects.getOrDefault(kind, List.of());
    }

    public Stream<Declared<?>> all() {
        return objects.values().stream().flatMap(List::stream);
    }
}
