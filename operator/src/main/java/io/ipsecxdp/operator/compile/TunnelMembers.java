package io.ipsecxdp.operator.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who is in which tunnel.
 *
 * @param slices the TunnelPeers that must be, those of one tunnel in the order in which they are to be written
 * @param abandoned names of TunnelPeers to delete: nobody reads them
 * @param pairs how many pairs of nodes a tunnel has
 */
public record TunnelMembers(List<PeersSlice> slices, List<String> abandoned, Map<ObjectKey, Long> pairs) {
    static final TunnelMembers NONE = new TunnelMembers(List.of(), List.of(), Map.of());

    public TunnelMembers {
        slices = List.copyOf(slices);
        abandoned = List.copyOf(abandoned);
        pairs = Map.copyOf(pairs);
    }

    TunnelMembers and(TunnelMembers others) {
        var all = new ArrayList<>(slices);
        all.addAll(others.slices);
        var gone = new ArrayList<>(abandoned);
        gone.addAll(others.abandoned);
        var counts = new HashMap<>(pairs);
        counts.putAll(others.pairs);
        return new TunnelMembers(all, gone, counts);
    }
}
