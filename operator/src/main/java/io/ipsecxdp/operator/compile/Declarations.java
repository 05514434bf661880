package io.ipsecxdp.operator.compile;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All that users declare, by kind. */
public final class Declarations {
    public static final Declarations NONE = new Declarations(Map.of());

    private final Map<DeclaredKind<?, ?>, List<? extends Declared<?>>> objects;

    private Declarations(Map<DeclaredKind<?, ?>, List<? extends Declared<?>>> objects) {
        this.objects = objects;
    }

    /** These, and {@code declared} as all objects of {@code kind}. */
    public <S> Declarations with(DeclaredKind<S, ?> kind, List<Declared<S>> declared) {
        var more = new TreeMap<DeclaredKind<?, ?>, List<? extends Declared<?>>>(objects);
        more.put(kind, List.copyOf(declared));
        return new Declarations(more);
    }

    @SuppressWarnings("unchecked")
    public <S> List<Declared<S>> of(DeclaredKind<S, ?> kind) {
        return (List<Declared<S>>) objects.getOrDefault(kind, List.of());
    }

    public Stream<Declared<?>> all() {
        return objects.values().stream().flatMap(List::stream);
    }
}
