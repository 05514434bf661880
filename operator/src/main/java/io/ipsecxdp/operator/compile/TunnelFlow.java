package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.OverlayTraffic;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.TunnelTraffic;
import io.ipsecxdp.crds.UpperProtocol;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a tunnel protects of what one node sends to another one.
 *
 * @param overlay the encapsulation whose packets these are; empty for all packets
 */
record TunnelFlow(IpPrefix source, IpPrefix destination, Optional<OverlayTraffic> overlay) {
    private static final int FIRST_END = 1;

    /** @param end which end of the tunnel the sender is of */
    static Stream<TunnelFlow> of(TunnelTraffic traffic, ClusterNode sender, int end, ClusterNode receiver) {
        if (!traffic.selected().isEmpty()) {
            return traffic.selected().stream()
                    .flatMap(selector -> IpPrefix.parse(selector.source()).stream()
                            .flatMap(source -> IpPrefix.parse(selector.destination()).stream()
                                    .map(destination -> end == FIRST_END
                                            ? new TunnelFlow(source, destination, Optional.empty())
                                            : new TunnelFlow(destination, source, Optional.empty()))));
        }
        var overlay = traffic.encapsulated();
        return prefixes(sender, overlay.isPresent())
                .flatMap(source -> prefixes(receiver, overlay.isPresent())
                        .filter(destination -> source.family() == destination.family())
                        .map(destination -> new TunnelFlow(source, destination, overlay)));
    }

    /** All that may be at a node's own end of a flow. */
    static Stream<IpPrefix> near(TunnelTraffic traffic, ClusterNode node) {
        return traffic.selected().isEmpty()
                ? prefixes(node, traffic.encapsulated().isPresent())
                : traffic.selected().stream()
                        .flatMap(selector -> Stream.of(selector.source(), selector.destination()))
                        .flatMap(text -> IpPrefix.parse(text).stream());
    }

    private static Stream<IpPrefix> prefixes(ClusterNode node, boolean overlay) {
        return overlay ? node.internalAddresses().stream().map(IpPrefix::of) : node.podCidrs().stream();
    }

    /**
     * Whether a policy cannot stand beside the tunnel's. One that protects the same packets by other SAs cannot: when either
     * comes or goes, a receiver gets them by the other's and drops them. One that leaves packets alone or drops them may take
     * some, by its priority, but not all.
     */
    boolean contendsWith(PlannedPolicy policy) {
        if (policy.xfrmInterface().isPresent() || !overlaps(policy)) {
            return false;
        }
        return policy.action() == PolicyAction.Protect
                || policy.priority() <= Api.TUNNEL_PRIORITY && covers(policy)
                || hasIdentityOf(policy);
    }

    private boolean overlaps(PlannedPolicy policy) {
        var selector = policy.selector();
        return IpPrefix.parse(selector.source()).filter(source::overlaps).isPresent()
                && IpPrefix.parse(selector.destination())
                        .filter(destination::overlaps)
                        .isPresent()
                && overlay.map(wanted -> overlaps(wanted, selector)).orElse(true);
    }

    private static boolean overlaps(OverlayTraffic overlay, PlannedSelector selector) {
        var protocol = selector.upperProtocol();
        return protocol.equals(UpperProtocol.ANY)
                || protocol.number() == overlay.protocol().number()
                        && selector.to()
                                .flatMap(to ->
                                        overlay.destinationPort().map(port -> ((port ^ to.port()) & to.mask()) == 0))
                                .orElse(true);
    }

    /** Whether a policy that overlaps takes every packet. */
    private boolean covers(PlannedPolicy policy) {
        var selector = policy.selector();
        return policy.onlyInterface().isEmpty()
                && policy.lookupMark().isEmpty()
                && IpPrefix.parse(selector.source())
                        .filter(own -> own.length() <= source.length())
                        .isPresent()
                && IpPrefix.parse(selector.destination())
                        .filter(own -> own.length() <= destination.length())
                        .isPresent()
                && selector.from().isEmpty()
                && (overlay.isPresent()
                        || selector.upperProtocol().equals(UpperProtocol.ANY)
                                && selector.to().isEmpty());
    }

    /** The kernel has one policy of a selector, whatever the priority. */
    private boolean hasIdentityOf(PlannedPolicy policy) {
        var selector = policy.selector();
        return covers(policy)
                && selector.source().equals(source.toString())
                && selector.destination().equals(destination.toString())
                && overlay.map(wanted -> selector.upperProtocol().number()
                                        == wanted.protocol().number()
                                && selector.to()
                                        .map(PlannedSelector.MaskedPort::port)
                                        .equals(wanted.destinationPort()))
                        .orElse(true);
    }
}
