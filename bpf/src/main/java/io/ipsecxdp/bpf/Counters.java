package io.ipsecxdp.bpf;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What the XDP program counted on one interface since it was first attached there; restarts and upgrades of the agent
 * do not reset it. The CPU is the one that received the frame, not the one it was steered to.
 */
public final class Counters {
    private final Map<Outcome, List<Count>> byOutcome;

    Counters(Map<Outcome, List<Count>> byOutcome) {
        this.byOutcome = new EnumMap<>(byOutcome);
    }

    /** Of all CPUs. */
    public Count of(Outcome outcome) {
        return perCpu(outcome).stream().reduce(Count.ZERO, Count::plus);
    }

    /** The index is the CPU; as many entries as there are possible CPUs. */
    public List<Count> perCpu(Outcome outcome) {
        return byOutcome.get(outcome);
    }

    /** Those redirected to a CPU of the policy. */
    public Count steered() {
        return byOutcome.keySet().stream()
                .filter(Outcome::steered)
                .map(this::of)
                .reduce(Count.ZERO, Count::plus);
    }
}
