package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelPeersSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tunnels that this node is in, and those that it is planned for and not in.
 *
 * @param in with the other nodes
 * @param out planned, without an entry of this node: it has not joined, or has left
 */
record Memberships(List<Membership> in, List<PlannedTunnel> out) {

    /**
     * @param presharedKeys by uid of the tunnel, the version that this node has; a tunnel whose pre-shared key it does not have
     *     is left out, as it cannot agree anything there
     */
    static Memberships of(
            String node, List<PlannedTunnel> planned, List<TunnelPeersSpec> peers, Map<String, String> presharedKeys) {
        Map<String, Map<String, TunnelPeer>> entries = new HashMap<>();
        Map<String, Long> known = new HashMap<>();
        for (TunnelPeersSpec slice : peers) {
            slice.peers()
                    .forEach(peer -> entries.computeIfAbsent(slice.uid(), uid -> new LinkedHashMap<>())
                            .putIfAbsent(peer.node(), peer));
            known.merge(slice.uid(), slice.highestRevision(), Long::max);
        }
        List<Membership> in = new ArrayList<>();
        List<PlannedTunnel> out = new ArrayList<>();
        for (PlannedTunnel tunnel : planned) {
            Map<String, TunnelPeer> all = entries.getOrDefault(tunnel.uid(), Map.of());
            Optional<TunnelPeer> self = Optional.ofNullable(all.get(node));
            Optional<String> presharedKey = Optional.ofNullable(presharedKeys.get(tunnel.uid()));
            if (self.isEmpty() || tunnel.presharedKeyRef().isPresent() && presharedKey.isEmpty()) {
                out.add(tunnel);
            } else {
                in.add(new Membership(
                        tunnel,
                        self.get(),
                        all.values().stream().filter(self.get()::isPairWith).toList(),
                        known.get(tunnel.uid()),
                        presharedKey));
            }
        }
        return new Memberships(in, out);
    }

    /** The uid of this node, as the operator sees it. */
    Optional<String> self() {
        return in.stream().map(tunnel -> tunnel.self().uid()).findFirst();
    }
}
