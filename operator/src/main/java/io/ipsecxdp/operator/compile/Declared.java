package io.ipsecxdp.operator.compile;

import java.time.Instant;
import java.util.Comparator;

/** An object as a user declared it. */
public record Declared<S>(ObjectKey key, String uid, long generation, Instant created, S spec) {
    /** The older goes first. */
    static final Comparator<Declared<?>> BY_AGE = Comparator.<Declared<?>, Instant>comparing(Declared::created)
            .thenComparing(declared -> declared.key().name());
}
