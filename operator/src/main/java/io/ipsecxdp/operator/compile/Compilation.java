package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.KeyHolder;
import java.util.List;
import java.util.SortedMap;

/**
 * What compile makes of a snapshot.
 *
 * @param slices the NodePlans that must be, all of them
 * @param abandoned names of NodePlans to delete: their nodes are gone, and nobody reads them
 * @param verdicts one for each declared object
 * @param keyHolders of SAs whose key another has or had, that other one
 * @param members who is in which tunnel
 */
public record Compilation(
        List<PlannedSlice> slices,
        List<String> abandoned,
        SortedMap<ObjectKey, Verdict> verdicts,
        SortedMap<ObjectKey, KeyHolder> keyHolders,
        TunnelMembers members) {
    public Compilation {
        slices = List.copyOf(slices);
        abandoned = List.copyOf(abandoned);
    }
}
