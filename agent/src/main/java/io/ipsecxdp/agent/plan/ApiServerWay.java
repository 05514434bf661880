package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.IpProtocol;
import io.ipsecxdp.agent.xfrm.Policy;
import io.ipsecxdp.agent.xfrm.PortMatch;
import io.ipsecxdp.agent.xfrm.Prefix;
import io.ipsecxdp.agent.xfrm.Selector;
import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;

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

    /** The endpoint whose packets the policy would protect or discard, if there is one. */
    Optional<Endpoint> coveredBy(Policy policy) {
        boolean bypass =
                policy.action() == Policy.Action.ALLOW && policy.templates().isEmpty();
        Selector selector = policy.id().selector();
        boolean tcp = selector.upperProtocol().equals(IpProtocol.ANY)
                || selector.upperProtocol().equals(TCP);
        if (bypass || !tcp) {
            return Optional.empty();
        }
        boolean outgoing = switch (policy.id().direction()) {
            case OUT, SOCKET_OUT -> true;
            case IN, FORWARD, SOCKET_IN, SOCKET_FORWARD -> false;
        };
        Side here = outgoing ? source(selector) : destination(selector);
        Side there = outgoing ? destination(selector) : source(selector);
        return endpoints.stream()
                .filter(endpoint -> here.coversOneOf(addresses) && here.coversLocalPort() && there.covers(endpoint)
                        || addresses.contains(endpoint.address()) && here.covers(endpoint))
                .findFirst();
    }

    private Side source(Selector selector) {
        return new Side(selector.source(), selector.sourcePort());
    }

    private Side destination(Selector selector) {
        return new Side(selector.destination(), selector.destinationPort());
    }

    /** One side of a selector. */
    private final class Side {
        private final Prefix prefix;
        private final PortMatch port;

        private Side(Prefix prefix, PortMatch port) {
            this.prefix = prefix;
            this.port = port;
        }

        private boolean covers(Endpoint endpoint) {
            return Addresses.within(endpoint.address(), prefix)
                    && (endpoint.port() & port.mask()) == (port.port() & port.mask());
        }

        private boolean coversOneOf(Set<InetAddress> candidates) {
            return candidates.stream().anyMatch(address -> Addresses.within(address, prefix));
        }

        private boolean coversLocalPort() {
            return port.equals(PortMatch.ANY) || port.port() >= lowestLocalPort && port.port() <= highestLocalPort;
        }
    }
}
