package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.Plan;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelReport;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What is told of tunnels.
 *
 * @param plan how the entries stand
 * @param nonsense by node, why its KeyShare makes no sense
 * @param fits by uid of the tunnel, what fits through it
 */
record TunnelReports(
        TunnelInput in,
        TunnelDecision decision,
        TunnelEntries entries,
        Plan plan,
        Map<String, String> nonsense,
        Map<String, Fit> fits) {

    /** Before anything was heard of the API server. */
    static Map<String, TunnelReport> unheard(List<PlannedTunnel> planned) {
        return reports(planned, tunnel -> EntryStatus.pending("It is being read who else is in the tunnel."));
    }

    /**
     * Of tunnels that the node is not in.
     *
     * @param lacks why it has not the pre-shared key of a tunnel, if it needs one
     */
    static Map<String, TunnelReport> notIn(
            List<PlannedTunnel> planned, Function<PlannedTunnel, Optional<EntryStatus>> lacks) {
        return reports(
                planned,
                tunnel -> lacks.apply(tunnel)
                        .orElseGet(() ->
                                EntryStatus.pending("Waits until the TunnelPeers of the tunnel list this node.")));
    }

    private static Map<String, TunnelReport> reports(
            Collection<PlannedTunnel> planned, Function<PlannedTunnel, EntryStatus> status) {
        Map<String, TunnelReport> reports = new HashMap<>();
        planned.forEach(tunnel -> reports.put(
                tunnel.uid(), report(tunnel, status.apply(tunnel), 0, 0, Optional.empty(), Optional.empty())));
        return reports;
    }

    Map<String, TunnelReport> of(Memberships members, Function<PlannedTunnel, Optional<EntryStatus>> lacks) {
        Map<String, TunnelReport> reports = new HashMap<>(notIn(members.out(), lacks));
        members.in().forEach(tunnel -> {
            List<TunnelPeer> wanted =
                    tunnel.others().stream().filter(tunnel::isOn).toList();
            List<TunnelPeer> missing =
                    wanted.stream().filter(peer -> !isInForce(tunnel, peer)).toList();
            reports.put(
                    tunnel.uid(),
                    report(
                            tunnel.planned(),
                            status(tunnel, wanted, missing),
                            wanted.size(),
                            wanted.size() - missing.size(),
                            oldestKey(tunnel),
                            fit(tunnel)));
        });
        return reports;
    }

    private boolean isInForce(Membership tunnel, TunnelPeer peer) {
        return in.policies(tunnel.pair(peer)).equals(new PairPolicies(true, PairPolicies.Receiving.REQUIRES));
    }

    private EntryStatus status(Membership tunnel, List<TunnelPeer> wanted, List<TunnelPeer> missing) {
        Optional<EntryStatus> hindrance = hindrance(tunnel);
        if (hindrance.isPresent()) {
            return hindrance.get();
        }
        if (tunnel.self().leaves()) {
            return EntryStatus.pending("The node leaves the tunnel.");
        }
        if (wanted.isEmpty()) {
            return EntryStatus.pending("Waits for another node of the tunnel.");
        }
        if (!missing.isEmpty()) {
            String first = missing.getFirst().node();
            return EntryStatus.pending("%d of %d pairs are in force; not the one with node %s%s.%s"
                    .formatted(
                            wanted.size() - missing.size(),
                            wanted.size(),
                            first,
                            missing.size() > 1 ? " and %d more".formatted(missing.size() - 1) : "",
                            Optional.ofNullable(nonsense.get(first))
                                    .map(why -> " Its KeyShare makes no sense: %s.".formatted(why))
                                    .orElse("")));
        }
        return waits(tunnel)
                .or(() -> excess(tunnel))
                .or(this::withoutOwners)
                .orElseGet(() -> EntryStatus.installed("In force with all %d nodes.".formatted(wanted.size())));
    }

    private Optional<EntryStatus> waits(Membership tunnel) {
        List<String> silent = tunnel.others().stream()
                .map(TunnelPeer::node)
                .filter(decision.waitsFor()::contains)
                .sorted()
                .toList();
        return silent.isEmpty()
                ? Optional.empty()
                : Optional.of(new EntryStatus(
                        EntryState.Installed,
                        Reason.RekeyWaits,
                        "In force, and new keys wait for node %s%s, which does not follow: check the ipsec-xdp-agent pod there."
                                .formatted(
                                        silent.getFirst(),
                                        silent.size() > 1 ? " and %d more".formatted(silent.size() - 1) : "")));
    }

    private Optional<Fit> fit(Membership tunnel) {
        return Optional.ofNullable(fits.get(tunnel.uid()));
    }

    private Optional<EntryStatus> excess(Membership tunnel) {
        return fit(tunnel)
                .flatMap(Fit::excess)
                .map(why -> new EntryStatus(EntryState.Installed, Reason.MtuTooLarge, "In force, but " + why));
    }

    private Optional<EntryStatus> withoutOwners() {
        return in.cpus().isEmpty()
                ? Optional.of(
                        new EntryStatus(
                                EntryState.Installed,
                                Reason.Unsupported,
                                "In force by one SA in each direction, because this kernel has no SAs with an owner (Linux 6.13): one CPU at a time encrypts for another node, and one decrypts what comes of it."))
                : Optional.empty();
    }

    /** Of an SA or policy that the kernel does not take, or that waits for something outside the tunnel. */
    private Optional<EntryStatus> hindrance(Membership tunnel) {
        return Stream.concat(
                        entries.sas().keySet().stream()
                                .filter(origin -> origin.uid().equals(tunnel.uid()))
                                .map(plan.sas()::get),
                        plan.policies().entrySet().stream()
                                .filter(entry -> entry.getKey().origin().uid().equals(tunnel.uid()))
                                .map(Map.Entry::getValue))
                .filter(status -> status != null && status.state() != EntryState.Installed)
                .filter(status -> status.reason() != Reason.Installing)
                .min(Comparator.comparing(EntryStatus::state).reversed().thenComparing(EntryStatus::message));
    }

    /** When it was made: of the generations of both ends by which this node sends. */
    private Optional<Instant> oldestKey(Membership tunnel) {
        Map<String, Instant> made = new HashMap<>();
        decision.memory().generations().forEach(own -> made.put(own.publicKey(), own.created()));
        in.shares().values().stream()
                .flatMap(share -> share.spec().generations().stream())
                .forEach((KeyGeneration theirs) -> made.put(theirs.publicKey(), Instant.parse(theirs.created())));
        return in.kernel().stream()
                .filter(sa -> sa.outbound() && sa.pair().tunnel().equals(tunnel.uid()))
                .flatMap(sa -> Stream.of(sa.own(), sa.theirs()))
                .flatMap(key -> Optional.ofNullable(made.get(key)).stream())
                .min(Comparator.naturalOrder());
    }

    private static TunnelReport report(
            PlannedTunnel tunnel,
            EntryStatus status,
            int wanted,
            int pairs,
            Optional<Instant> oldestKey,
            Optional<Fit> fit) {
        return new TunnelReport(
                tunnel.name(),
                tunnel.uid(),
                tunnel.generation(),
                status.state(),
                status.reason().name(),
                status.message(),
                wanted,
                pairs,
                oldestKey.map(Instant::toString).orElse(null),
                fit.map(Fit::mtu).orElse(null));
    }
}
