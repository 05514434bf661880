package io.ipsecxdp.agent.tunnel;

import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.ACCEPTS;
import static io.ipsecxdp.agent.tunnel.PairPolicies.Receiving.NO_POLICY;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.OverlayTraffic;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedPolicyBuilder;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.TemplateLevel;
import io.ipsecxdp.crds.TrafficSelector;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelTraffic;
import io.ipsecxdp.crds.UpperProtocol;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.IpLiterals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What flows between this node and another one in one tunnel, and the policies that this takes. */
record PairTraffic(Membership tunnel, TunnelPeer peer) {
    private static final int FIRST_END = 1;

    /** The addresses of the SAs. */
    record Outer(String local, String remote) {}

    /** Packets of one kind, seen from this node. */
    record Kind(String local, String remote, UpperProtocol protocol, Integer port) {
        private static Kind between(String local, String remote) {
            return new Kind(local, remote, UpperProtocol.ANY, null);
        }
    }

    /** Of all pairs of these tunnels. */
    static Map<TunnelPair, PairTraffic> of(Collection<Membership> tunnels) {
        Map<TunnelPair, PairTraffic> pairs = new LinkedHashMap<>();
        tunnels.forEach(tunnel ->
                tunnel.others().forEach(peer -> pairs.put(tunnel.pair(peer), new PairTraffic(tunnel, peer))));
        return pairs;
    }

    /** IPv4 if both have that; empty if they have no family in common. */
    Optional<Outer> outer() {
        return Arrays.stream(AddressFamily.values())
                .flatMap(family -> address(tunnel.self(), family).stream()
                        .flatMap(local -> address(peer, family).map(remote -> new Outer(local, remote)).stream()))
                .findFirst();
    }

    private static Optional<String> address(TunnelPeer node, AddressFamily family) {
        return node.addresses().stream()
                .filter(address -> AddressFamily.of(IpLiterals.parse(address)) == family)
                .findFirst();
    }

    List<Kind> kinds() {
        TunnelTraffic traffic = tunnel.planned().traffic();
        List<Kind> kinds = new ArrayList<>();
        if (traffic.protectsPods()) {
            for (String local : tunnel.self().podCIDRs()) {
                for (String remote : peer.podCIDRs()) {
                    if (family(local) == family(remote)) {
                        kinds.add(Kind.between(local, remote));
                    }
                }
            }
        }
        for (TrafficSelector selector : traffic.selected()) {
            boolean first = tunnel.self().end() == FIRST_END;
            kinds.add(Kind.between(
                    first ? selector.source() : selector.destination(),
                    first ? selector.destination() : selector.source()));
        }
        traffic.encapsulated()
                .flatMap(overlay -> outer().map(outer -> overlay(overlay, outer)))
                .ifPresent(kinds::add);
        return kinds;
    }

    private static Kind overlay(OverlayTraffic overlay, Outer outer) {
        return new Kind(
                host(outer.local()),
                host(outer.remote()),
                new UpperProtocol(overlay.protocol().number()),
                overlay.destinationPort().orElse(null));
    }

    private static String host(String address) {
        return address + "/" + AddressFamily.of(IpLiterals.parse(address)).addressBits();
    }

    private static AddressFamily family(String prefix) {
        return AddressFamily.of(IpLiterals.parsePrefix(prefix).address());
    }

    /** Those by which the kernel receives: what is encapsulated between nodes is never forwarded. */
    List<PolicyDirection> receiving() {
        return tunnel.planned().traffic().mode() == SaMode.Tunnel
                ? List.of(PolicyDirection.In, PolicyDirection.Forward)
                : List.of(PolicyDirection.In);
    }

    List<PlannedPolicy> policies(PairPolicies wanted) {
        List<PlannedPolicy> policies = new ArrayList<>();
        outer().ifPresent(outer -> kinds().forEach(kind -> {
            if (wanted.sends()) {
                policies.add(policy(kind, outer, PolicyDirection.Out, TemplateLevel.Required));
            }
            if (wanted.receives() != NO_POLICY) {
                receiving()
                        .forEach(direction -> policies.add(policy(
                                kind,
                                outer,
                                direction,
                                wanted.receives() == ACCEPTS ? TemplateLevel.Use : TemplateLevel.Required)));
            }
        }));
        return policies;
    }

    /** What tells the policies of the tunnel in one direction apart. */
    String child(Kind kind) {
        return String.join(" ", peer.uid(), kind.local(), kind.remote());
    }

    private PlannedPolicy policy(Kind kind, Outer outer, PolicyDirection direction, TemplateLevel level) {
        PlannedTunnel planned = tunnel.planned();
        boolean out = direction == PolicyDirection.Out;
        return PlannedPolicyBuilder.builder()
                .withName(planned.name())
                .withUid(planned.uid())
                .withGeneration(planned.generation())
                .withDirection(direction)
                .withSelectorSource(out ? kind.local() : kind.remote())
                .withSelectorDestination(out ? kind.remote() : kind.local())
                .withProtocol(kind.protocol().toString())
                .withDestinationPort(kind.port())
                .withAction(PolicyAction.Protect)
                .withPriority(Api.TUNNEL_PRIORITY)
                .withTemplate(PlannedPolicy.Template.esp(
                                planned.traffic().mode(),
                                out ? outer.local() : outer.remote(),
                                out ? outer.remote() : outer.local(),
                                planned.reqid())
                        .at(level))
                .withChild(child(kind))
                .withPeer(peer.node())
                .build();
    }
}
