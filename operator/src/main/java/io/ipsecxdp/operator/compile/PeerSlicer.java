package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelPeersSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Cuts the nodes of a tunnel into TunnelPeers of bounded size, and numbers what changes. An entry never leaves the slice that
 * it is in.
 *
 * <p>Each slice that changes gets a number of its own, in the order in which the slices are to be written: who has read a
 * slice with a number has read all slices with lower ones.
 */
final class PeerSlicer {
    /** As many as EndpointSlice has endpoints. */
    static final int MAX_ENTRIES = 100;

    private static final int MAX_NAME_LENGTH = 253;
    private static final int SUFFIX_ROOM = 10;

    private final Set<String> usedNames = new HashSet<>();

    PeerSlicer(Collection<PeersSlice> existing) {
        existing.forEach(slice -> usedNames.add(slice.name()));
    }

    static List<PeersSlice> inOrder(Collection<PeersSlice> slices) {
        return slices.stream()
                .sorted(Comparator.comparingInt(
                                (PeersSlice slice) -> slice.name().length())
                        .thenComparing(PeersSlice::name))
                .toList();
    }

    /** Which tunnel. */
    record Of(String tunnel, String uid) {}

    /**
     * The slices of a tunnel. Those that exist stay, if need be empty.
     *
     * @param peers its nodes by name, their revisions of no meaning
     * @param acknowledged the highest revision that a node speaks of: slices that are gone may have had it
     */
    List<PeersSlice> slice(
            Of of, SortedMap<String, TunnelPeer> peers, Collection<PeersSlice> existing, long acknowledged) {
        var homeless = new TreeMap<>(peers);
        var slices = new ArrayList<Slice>();
        for (var slice : inOrder(existing)) {
            var kept = new ArrayList<TunnelPeer>();
            slice.spec()
                    .peers()
                    .forEach(peer ->
                            Optional.ofNullable(homeless.remove(peer.node())).ifPresent(kept::add));
            slices.add(new Slice(slice.name(), Optional.of(slice.spec()), kept));
        }
        int open = 0;
        for (var peer : homeless.values()) {
            while (open < slices.size() && slices.get(open).peers().size() >= MAX_ENTRIES) {
                open++;
            }
            if (open == slices.size()) {
                slices.add(new Slice(newName(of.tunnel()), Optional.empty(), new ArrayList<>()));
            }
            slices.get(open).peers().add(peer);
        }
        long highest = Math.max(
                acknowledged,
                existing.stream()
                        .mapToLong(slice -> slice.spec().highestRevision())
                        .max()
                        .orElse(0));
        var numbered = new ArrayList<PeersSlice>();
        for (var slice : slices) {
            var next = slice.numbered(of, highest + 1);
            highest = Math.max(highest, next.spec().highestRevision());
            numbered.add(next);
        }
        return numbered;
    }

    private record Slice(String name, Optional<TunnelPeersSpec> before, List<TunnelPeer> peers) {
        PeersSlice numbered(Of of, long revision) {
            var entries = peers.stream()
                    .map(peer -> before.flatMap(spec -> spec.peer(peer.node()))
                            .filter(had -> had.at(0).equals(peer.at(0)))
                            .orElseGet(() -> peer.at(revision)))
                    .sorted(Comparator.comparing(TunnelPeer::node))
                    .toList();
            long highest = Math.max(
                    before.map(TunnelPeersSpec::highestRevision).orElse(0L),
                    entries.stream().mapToLong(TunnelPeer::revision).max().orElse(0));
            return new PeersSlice(name, new TunnelPeersSpec(of.tunnel(), of.uid(), highest, entries));
        }
    }

    private String newName(String tunnel) {
        String stem = tunnel.length() <= MAX_NAME_LENGTH - SUFFIX_ROOM ? tunnel : Api.nodeLabel(tunnel);
        int number = 0;
        while (!usedNames.add(stem + "-" + number)) {
            number++;
        }
        return stem + "-" + number;
    }
}
