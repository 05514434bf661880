package io.ipsecxdp.agent.report;

import static java.util.stream.Collectors.toMap;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of the tunnels of the plan.
 *
 * @param known by the uid of the Tunnel; those that are not here were not looked at yet
 */
record ReportedTunnels(Map<String, TunnelReport> known) {

    TunnelReport of(PlannedTunnel tunnel) {
        return Optional.ofNullable(known.get(tunnel.uid())).orElseGet(() -> of(tunnel, PlanReport.NOT_YET));
    }

    EntryStatus standing(PlannedTunnel tunnel) {
        TunnelReport report = of(tunnel);
        return new EntryStatus(report.state(), Reason.valueOf(report.reason()), report.message());
    }

    /** The same when the agent cannot do its work. */
    Map<String, TunnelReport> whileAgentIs(Failing failing, List<Slice> slices) {
        return slices.stream()
                .flatMap(slice -> slice.spec().tunnels().stream())
                .collect(toMap(
                        PlannedTunnel::uid,
                        tunnel -> of(tunnel, failing.instead(standing(tunnel))),
                        (one, other) -> one));
    }

    private TunnelReport of(PlannedTunnel tunnel, EntryStatus standing) {
        Optional<TunnelReport> seen = Optional.ofNullable(known.get(tunnel.uid()));
        return new TunnelReport(
                tunnel.name(),
                tunnel.uid(),
                seen.map(TunnelReport::generation).orElse(tunnel.generation()),
                standing.state(),
                standing.reason().name(),
                standing.message(),
                seen.map(TunnelReport::wantedPairs).orElse(0),
                seen.map(TunnelReport::pairs).orElse(0),
                seen.map(TunnelReport::oldestKey).orElse(null),
                seen.map(TunnelReport::mtu).orElse(null));
    }
}
