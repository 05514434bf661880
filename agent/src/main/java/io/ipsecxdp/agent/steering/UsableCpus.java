package io.ipsecxdp.agent.steering;

import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.NumaPreference;
import io.ipsecxdp.crds.PlannedSteering;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The CPUs of a policy that the node has, and those that it does not have.
 *
 * @param note a sentence about a preference that could not be had, or nothing
 */
record UsableCpus(SortedSet<Integer> usable, SortedSet<Integer> missing, String note) {

    /**
     * @param local those of the interface's NUMA node, empty if it has none
     * @throws IllegalArgumentException if the policy's CPUs are no list
     */
    static UsableCpus of(PlannedSteering planned, CpuList online, Optional<CpuList> local) {
        SortedSet<Integer> missing = new TreeSet<>(CpuList.parse(planned.cpus()).cpus());
        SortedSet<Integer> usable = new TreeSet<>(missing);
        usable.retainAll(online.cpus());
        missing.removeAll(online.cpus());
        if (planned.numa() == NumaPreference.Any) {
            return new UsableCpus(usable, missing, "");
        }
        if (local.isEmpty()) {
            return new UsableCpus(usable, missing, "The interface belongs to no NUMA node.");
        }
        SortedSet<Integer> near = new TreeSet<>(usable);
        near.retainAll(local.get().cpus());
        return near.isEmpty()
                ? new UsableCpus(
                        usable,
                        missing,
                        "None of them is of the interface's NUMA node, which has %s.".formatted(local.get()))
                : new UsableCpus(near, missing, "They are those of the interface's NUMA node.");
    }
}
