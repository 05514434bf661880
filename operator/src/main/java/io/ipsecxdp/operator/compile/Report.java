package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.SaReport;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an agent says of an entry of its plan, whatever the kind.
 *
 * @param part tells reports about one object on one node apart: the direction of a policy, the interface of a steering
 * @param of what the kernel has, or what it is about
 * @param keyUsed whether a key of it was used on the node
 * @param keyFingerprint the same for equal keys, wherever in the cluster they are
 */
public record Report(
        Entry.Key entry,
        String uid,
        long generation,
        EntryState state,
        String reason,
        String message,
        Acknowledgement of,
        boolean keyUsed,
        Optional<String> keyFingerprint) {

    ObjectKey object() {
        return entry.object();
    }

    public String part() {
        return entry.part();
    }

    public boolean isInstalled() {
        return state == EntryState.Installed;
    }

    static Stream<Report> ofSas(NodePlanStatus status) {
        return status.securityAssociations().stream()
                .map(sa -> new Report(
                        new Entry.Key(
                                new ObjectKey(DeclaredKind.SECURITY_ASSOCIATION, sa.name()),
                                sa.childName().orElse(""),
                                ""),
                        sa.uid(),
                        sa.generation(),
                        sa.state(),
                        sa.reason(),
                        sa.message(),
                        acknowledgement(sa),
                        sa.wasInstalled(),
                        Optional.ofNullable(sa.keyFingerprint())));
    }

    /** An agent of an earlier version does not say what it has. */
    private static Acknowledgement acknowledgement(SaReport sa) {
        return sa.spi() == null
                ? Acknowledgement.NOTHING
                : new Acknowledgement.OfSa(sa.spi(), sa.source(), sa.destination());
    }

    static Stream<Report> ofPolicies(NodePlanStatus status) {
        return status.securityPolicies().stream()
                .map(policy -> new Report(
                        new Entry.Key(
                                new ObjectKey(DeclaredKind.SECURITY_POLICY, policy.name()),
                                policy.childName().orElse(""),
                                policy.direction().name()),
                        policy.uid(),
                        policy.generation(),
                        policy.state(),
                        policy.reason(),
                        policy.message(),
                        new Acknowledgement.OfPolicy(
                                policy.selectorSource(),
                                policy.selectorDestination(),
                                Optional.ofNullable(policy.template()),
                                Optional.ofNullable(policy.former())),
                        false,
                        Optional.empty()));
    }

    static Stream<Report> ofTunnels(NodePlanStatus status) {
        return status.tunnels().stream()
                .map(tunnel -> new Report(
                        new Entry.Key(new ObjectKey(DeclaredKind.TUNNEL, tunnel.name()), "", ""),
                        tunnel.uid(),
                        tunnel.generation(),
                        tunnel.state(),
                        tunnel.reason(),
                        tunnel.message(),
                        Acknowledgement.NOTHING,
                        false,
                        Optional.empty()));
    }

    static Stream<Report> ofSteering(NodePlanStatus status) {
        return status.steering().stream()
                .map(steering -> new Report(
                        new Entry.Key(
                                new ObjectKey(DeclaredKind.STEERING_POLICY, steering.name()),
                                "",
                                steering.interfaceName()),
                        steering.uid(),
                        steering.generation(),
                        steering.state(),
                        steering.reason(),
                        steering.message(),
                        Acknowledgement.NOTHING,
                        false,
                        Optional.empty()));
    }
}
