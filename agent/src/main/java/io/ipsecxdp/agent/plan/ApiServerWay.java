package io.ipsecxdp.agent.plan;

import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The packets by which this node reaches its API server, and, where the API server is on this node, by which the others
 * reach it. A policy over them could not be taken back any more.
 *
 * @param endpoints where the API server is reached: what the client is configured with, and what stands behind it
 * @param addresses all addresses of this node
 * @param lowestLocalPort from which the kernel chooses the port of a connection that it opens
 * @param highestLocalPort to which
 */
public record ApiServerWay(
        Set<Endpoint> endpoints, Set<InetAddress> addresses, int lowestLocalPort, int highestLocalPort) {

    private static final IpProtocol TCP = new IpProtocol(6);
    private static final IpProtocol ICMP_V6 = new IpProtocol(58);

    /** Router solicitation to neighbour advertisement. */
    private static final int FIRST_DISCOVERY_TYPE = 133;

    private static final int LAST_DISCOVERY_TYPE = 136;

    /** One of the addresses that neighbours are asked at (RFC 4291 section 2.7.1). */
    private static final InetAddress SOLICITED_NODE = IpLiterals.parse("ff02::1:ff00:1");

    /** A TCP port that the API server listens on. */
    public record Endpoint(InetAddress address, int port) {

        @Override
        public String toString() {
            return "%s port %d".formatted(address.getHostAddress(), port);
        }
    }

    public ApiServerWay {
        endpoints = Set.copyOf(endpoints);
        addresses = Set.copyOf(addresses);
    }

    /**
     * The endpoint whose packets the policy would protect or discard, if there is one. Those packets have no mark, and are
     * of no XFRM interface. A policy for one interface counts as if it were for all, as routes change.
     */
    Optional<Endpoint> coveredBy(Policy policy) {
        boolean bypass =
                policy.action() == Policy.Action.ALLOW && policy.templates().isEmpty();
        boolean ofOthers = policy.id().interfaceId() != 0 || policy.id().mark().value() != 0;
        if (bypass || ofOthers || letsPassUnprotected(policy)) {
            return Optional.empty();
        }
        XfrmSelector selector = policy.id().selector();
        Side here = outgoing(policy) ? source(selector) : destination(selector);
        Side there = outgoing(policy) ? destination(selector) : source(selector);
        if (takes(selector, TCP)) {
            Optional<Endpoint> covered = endpoints.stream()
                    .filter(endpoint -> here.coversOneOf(addresses)
                                    && here.portIn(lowestLocalPort, highestLocalPort)
                                    && there.covers(endpoint)
                            || addresses.contains(endpoint.address()) && here.covers(endpoint))
                    .findFirst();
            if (covered.isPresent()) {
                return covered;
            }
        }
        return takesNeighbourDiscovery(selector, here, there)
                ? endpoints.stream()
                        .filter(endpoint -> endpoint.address() instanceof Inet6Address)
                        .findFirst()
                : Optional.empty();
    }

    private static boolean outgoing(Policy policy) {
        return switch (policy.id().direction()) {
            case OUT, SOCKET_OUT -> true;
            case IN, FORWARD, SOCKET_IN, SOCKET_FORWARD -> false;
        };
    }

    /** Inbound, a template of level USE asks for nothing ({@code __xfrm_policy_check} in net/xfrm/xfrm_policy.c). */
    private static boolean letsPassUnprotected(Policy policy) {
        return policy.action() == Policy.Action.ALLOW
                && !outgoing(policy)
                && policy.templates().stream().allMatch(template -> template.level() == Template.Level.USE);
    }

    private static boolean takes(XfrmSelector selector, IpProtocol protocol) {
        return selector.upperProtocol().equals(IpProtocol.ANY)
                || selector.upperProtocol().equals(protocol);
    }

    /** Without neighbour discovery (RFC 4861), which asks by multicast, no IPv6 packet leaves the link layer. */
    private static boolean takesNeighbourDiscovery(XfrmSelector selector, Side here, Side there) {
        return takes(selector, ICMP_V6)
                && source(selector).portIn(FIRST_DISCOVERY_TYPE, LAST_DISCOVERY_TYPE)
                && (there.coversAddress(SOLICITED_NODE) || here.coversAddress(SOLICITED_NODE));
    }

    private static Side source(XfrmSelector selector) {
        return new Side(selector.source(), selector.sourcePort());
    }

    private static Side destination(XfrmSelector selector) {
        return new Side(selector.destination(), selector.destinationPort());
    }

    /** One side of a selector. */
    private static final class Side {
        private final Prefix prefix;
        private final PortMatch port;

        private Side(Prefix prefix, PortMatch port) {
            this.prefix = prefix;
            this.port = port;
        }

        private boolean covers(Endpoint endpoint) {
            return IpLiterals.within(endpoint.address(), prefix)
                    && (endpoint.port() & port.mask()) == (port.port() & port.mask());
        }

        private boolean coversOneOf(Set<InetAddress> candidates) {
            return candidates.stream().anyMatch(address -> IpLiterals.within(address, prefix));
        }

        private boolean coversAddress(InetAddress address) {
            return IpLiterals.within(address, prefix);
        }

        private boolean portIn(int lowest, int highest) {
            return IntStream.rangeClosed(lowest, highest)
                    .anyMatch(one -> (one & port.mask()) == (port.port() & port.mask()));
        }
    }
}
