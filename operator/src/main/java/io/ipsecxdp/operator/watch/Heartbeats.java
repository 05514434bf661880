package io.ipsecxdp.operator.watch;

import static java.util.stream.Collectors.toSet;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.ipsecxdp.crds.Api;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Which agents are alive, by their Leases. A renewal counts from when it was seen here, not from the time that the agent
 * wrote into it, for the clocks of nodes differ; only for a Lease that has not been renewed since this process started
 * is that time all there is, and it is never taken for later than now.
 */
@ApplicationScoped
public class Heartbeats {
    private static final Duration DEFAULT_LEASE_DURATION = Duration.ofSeconds(40);

    private final Map<String, Renewal> renewals = new ConcurrentHashMap<>();
    private final Clock clock;

    public Heartbeats(Clock clock) {
        this.clock = clock;
    }

    private record Renewal(Instant written, Instant seen) {}

    /**
     * @param nodes nodes whose agents are alive
     * @param nextExpiry when the first of them will not be any more unless it renews
     */
    public record Alive(Set<String> nodes, Optional<Instant> nextExpiry) {}

    static boolean isAgents(Lease lease) {
        return lease.getMetadata().getName().startsWith(Api.LEASE_PREFIX);
    }

    /** Takes note of an update, and tells whether more than the time of a renewal changed: a dead agent lives again. */
    boolean isNews(Lease lease, Lease before) {
        Instant now = clock.instant();
        boolean wasAlive = expiry(before, now).isAfter(now);
        renewals.put(lease.getMetadata().getName(), new Renewal(written(lease), now));
        boolean isRenewal = !written(lease).equals(written(before));
        return isRenewal && !wasAlive || !duration(lease).equals(duration(before));
    }

    /** The nodes whose agents are alive, for who only looks: it forgets no renewal. */
    Set<String> aliveNodes(Stream<Lease> leases) {
        return Set.copyOf(expiries(leases, clock.instant()).keySet());
    }

    Alive alive(Collection<Lease> leases) {
        Instant now = clock.instant();
        renewals.keySet()
                .retainAll(leases.stream()
                        .map(lease -> lease.getMetadata().getName())
                        .collect(toSet()));
        var expiries = expiries(leases.stream(), now);
        return new Alive(
                Set.copyOf(expiries.keySet()), expiries.values().stream().min(Instant::compareTo));
    }

    /** Of agents that are alive, by their nodes. */
    private Map<String, Instant> expiries(Stream<Lease> leases, Instant now) {
        var expiries = new HashMap<String, Instant>();
        // Only the agent of that node may write so (agent-admission.yaml of the chart)
        leases.forEach(lease -> Optional.ofNullable(lease.getSpec().getHolderIdentity())
                .ifPresent(node -> expiries.put(node, expiry(lease, now))));
        expiries.values().removeIf(expiry -> !expiry.isAfter(now));
        return expiries;
    }

    private Instant expiry(Lease lease, Instant now) {
        var written = written(lease);
        var renewal = renewals.get(lease.getMetadata().getName());
        boolean wasSeen = renewal != null && renewal.written().equals(written);
        var since = wasSeen ? renewal.seen() : earlier(written, now);
        return since.plus(duration(lease));
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private static Instant written(Lease lease) {
        return Optional.ofNullable(lease.getSpec().getRenewTime())
                .map(time -> time.toInstant())
                .orElse(Instant.EPOCH);
    }

    private static Duration duration(Lease lease) {
        return Optional.ofNullable(lease.getSpec().getLeaseDurationSeconds())
                .map(Duration::ofSeconds)
                .orElse(DEFAULT_LEASE_DURATION);
    }
}
