package io.ipsecxdp.bpf;

import java.util.Arrays;
import java.util.function.Predicate;

/** What tests add up of counters. */
final class Totals {

    private Totals() {}

    /** All frames seen. */
    static Count of(Counters counters) {
        return of(counters, outcome -> true);
    }

    /** Those redirected to a CPU of the policy. */
    static Count steered(Counters counters) {
        return of(counters, Outcome::steered);
    }

    private static Count of(Counters counters, Predicate<Outcome> which) {
        return Arrays.stream(Outcome.values()).filter(which).map(counters::of).reduce(Count.ZERO, Count::plus);
    }

    static Count between(Count before, Count after) {
        return new Count(after.packets() - before.packets(), after.bytes() - before.bytes());
    }
}
