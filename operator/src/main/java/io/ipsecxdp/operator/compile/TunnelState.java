package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.TunnelProgress;
import io.ipsecxdp.crds.TunnelReport;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of tunnels besides what users declare and what the nodes are to have.
 *
 * @param peers the TunnelPeers as they are
 * @param shares what the nodes say to one another, by the node's name
 * @param reports what the agents say of the tunnels in their plans
 */
public record TunnelState(List<PeersSlice> peers, Map<String, Share> shares, Map<Place, TunnelReport> reports) {
    public static final TunnelState NONE = new TunnelState(List.of(), Map.of(), Map.of());

    public TunnelState {
        peers = List.copyOf(peers);
        shares = Map.copyOf(shares);
        reports = Map.copyOf(reports);
    }

    /**
     * What is read of a KeyShare.
     *
     * @param nodeUid uid of the Node that it is of
     * @param progress by the uid of the tunnel
     */
    public record Share(String nodeUid, Map<String, TunnelProgress> progress) {}

    /** A tunnel, by its uid, on a node. */
    public record Place(String node, String tunnel) {}

    /** Reads the reports of all NodePlans. */
    public static TunnelState of(
            List<PeersSlice> peers, Map<String, Share> shares, Collection<Reports.NodeStatus> statuses) {
        var reports = new HashMap<Place, TunnelReport>();
        statuses.forEach(status -> status.status()
                .tunnels()
                .forEach(report -> reports.put(new Place(status.node(), report.uid()), report)));
        return new TunnelState(peers, shares, reports);
    }

    public Optional<TunnelReport> report(String node, String tunnel) {
        return Optional.ofNullable(reports.get(new Place(node, tunnel)));
    }

    /** @param nodeUid uid of the Node, if it is there: what one of its name said before is of another kernel */
    Optional<TunnelProgress> progress(String node, Optional<String> nodeUid, String tunnel) {
        return Optional.ofNullable(shares.get(node))
                .filter(share ->
                        nodeUid.filter(uid -> !uid.equals(share.nodeUid())).isEmpty())
                .map(share -> share.progress().get(tunnel));
    }

    /** The highest revision that any node says it has gone to. */
    long highestAcknowledged(String tunnel) {
        return shares.values().stream()
                .map(share -> share.progress().get(tunnel))
                .filter(progress -> progress != null)
                .mapToLong(progress -> Math.max(value(progress.accepts()), value(progress.sends())))
                .max()
                .orElse(0);
    }

    private static long value(Long revision) {
        return revision == null ? 0 : revision;
    }
}
