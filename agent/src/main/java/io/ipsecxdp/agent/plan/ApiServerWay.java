package io.ipsecxdp.agent.plan;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The packets by which this node reaches its API server, and, where the API server is on this node, by which the others
 * reach it. A policy over them could not be taken back any more, so that a bypass stands before it.
 *
 * @param endpoints where the API server is reached: what the client is configured with, and what stands behind it
 * @param addresses all addresses of this node
 * @param sources those of them that the kernel chooses for connections to the endpoints
 * @param learned what stands behind the configured address is known
 * @param lowestLocalPort from which the kernel chooses the port of a connection that it opens
 * @param highestLocalPort to which
 */
public record ApiServerWay(
        Set<Endpoint> endpoints,
        Set<InetAddress> addresses,
        Set<InetAddress> sources,
        boolean learned,
        int lowestLocalPort,
        int highestLocalPort) {

    private static final IpProtocol TCP = new IpProtocol(6);
    /** Of API servers. */
    private static final Set<Integer> USUAL_PORTS = Set.of(443, 6443);

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

    /** A part of the way, as this node sends it. */
    private record Flow(Endpoint endpoint, XfrmSelector sent) {}

    public ApiServerWay {
        endpoints = Set.copyOf(endpoints);
        addresses = Set.copyOf(addresses);
        sources = Set.copyOf(sources);
    }

    /** Of a node that knows all API servers, and reaches them from each of its addresses. */
    public ApiServerWay(
            Set<Endpoint> endpoints, Set<InetAddress> addresses, int lowestLocalPort, int highestLocalPort) {
        this(endpoints, addresses, addresses, true, lowestLocalPort, highestLocalPort);
    }

    /**
     * The endpoint whose packets the policy would protect or discard, if there is one. Those packets have no mark, and are
     * of no XFRM interface. A policy for one interface counts as if it were for all, as routes change.
     */
    Optional<Endpoint> coveredBy(Policy policy) {
        return first(flows(policy).map(Flow::endpoint)).or(() -> undiscovered(policy));
    }

    /** The policies that have to stand before this one, so that the API server is reached in spite of it. */
    Set<PolicyId> bypasses(Policy policy) {
        return flows(policy)
                .map(Flow::sent)
                .map(sent -> PolicyId.of(policy.id().direction(), outgoing(policy) ? sent : reversed(sent)))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Why no bypass keeps the API server within reach under this policy, which covers the way there. */
    Optional<String> obstacle(Policy policy) {
        if (coveredBy(policy).isEmpty()) {
            return Optional.empty();
        }
        if (undiscovered(policy).isPresent()) {
            return Optional.of("it takes the packets of IPv6's neighbour discovery as well");
        }
        if (policy.priority() == 0) {
            return Optional.of("its priority is 0, the highest");
        }
        return policy.offload().map(device -> "a device applies it");
    }

    /**
     * Whether the policy may cover the way, for all that is known: it takes TCP from or to an address of this node, and more
     * than one address at the other side. Who names one address, or a port on which no API server listens, knows what is
     * there.
     */
    boolean mayBeCoveredBy(Policy policy) {
        if (learned || !isAgainst(policy) || !takes(policy.id().selector(), TCP)) {
            return false;
        }
        Side here = here(policy);
        Side there = there(policy);
        return here.coversOneOf(sources)
                && here.portIn(lowestLocalPort, highestLocalPort)
                && !there.isOneAddress()
                && Stream.concat(USUAL_PORTS.stream(), endpoints.stream().map(Endpoint::port))
                        .anyMatch(there::takesPort);
    }

    private boolean isAgainst(Policy policy) {
        boolean bypass =
                policy.action() == Policy.Action.ALLOW && policy.templates().isEmpty();
        boolean ofOthers = policy.id().interfaceId() != 0 || policy.id().mark().value() != 0;
        return !bypass && !ofOthers && !letsPassUnprotected(policy);
    }

    private Stream<Flow> flows(Policy policy) {
        if (!isAgainst(policy) || !takes(policy.id().selector(), TCP)) {
            return Stream.empty();
        }
        Side here = here(policy);
        Side there = there(policy);
        return endpoints.stream()
                .flatMap(endpoint -> addresses.contains(endpoint.address())
                        ? served(endpoint, here).stream()
                        : reached(endpoint, here, there));
    }

    /** The API server is on this node. What it sends to itself goes over the loopback interface, where no policy counts. */
    private static Optional<Flow> served(Endpoint endpoint, Side here) {
        return here.covers(endpoint)
                ? Optional.of(new Flow(
                        endpoint,
                        XfrmSelector.between(Prefix.host(endpoint.address()), everywhere(endpoint.address()))
                                .with(TCP, PortMatch.exactly(endpoint.port()), PortMatch.ANY)))
                : Optional.empty();
    }

    /** To each endpoint from each source: kube-proxy changes the destination after the source was chosen. */
    private Stream<Flow> reached(Endpoint endpoint, Side here, Side there) {
        if (!there.covers(endpoint) || !here.portIn(lowestLocalPort, highestLocalPort)) {
            return Stream.empty();
        }
        return sources.stream()
                .filter(here::coversAddress)
                .filter(source -> AddressFamily.of(source) == AddressFamily.of(endpoint.address()))
                .map(source -> new Flow(
                        endpoint,
                        XfrmSelector.between(Prefix.host(source), Prefix.host(endpoint.address()))
                                .with(TCP, PortMatch.ANY, PortMatch.exactly(endpoint.port()))));
    }

    /** An endpoint that is not found any more, as the policy takes neighbour discovery. */
    private Optional<Endpoint> undiscovered(Policy policy) {
        return isAgainst(policy) && takesNeighbourDiscovery(policy.id().selector(), here(policy), there(policy))
                ? first(endpoints.stream().filter(endpoint -> endpoint.address() instanceof Inet6Address))
                : Optional.empty();
    }

    /** Of several the same one is named, whatever their order. */
    private static Optional<Endpoint> first(Stream<Endpoint> some) {
        return some.min(Comparator.comparing(Endpoint::toString));
    }

    private static Prefix everywhere(InetAddress address) {
        return new Prefix(IpLiterals.parse(address instanceof Inet6Address ? "::" : "0.0.0.0"), 0);
    }

    private static XfrmSelector reversed(XfrmSelector sent) {
        return XfrmSelector.between(sent.destination(), sent.source())
                .with(sent.upperProtocol(), sent.destinationPort(), sent.sourcePort());
    }

    private static Side here(Policy policy) {
        XfrmSelector selector = policy.id().selector();
        return outgoing(policy) ? source(selector) : destination(selector);
    }

    private static Side there(Policy policy) {
        XfrmSelector selector = policy.id().selector();
        return outgoing(policy) ? destination(selector) : source(selector);
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

        private boolean isOneAddress() {
            return prefix.equals(Prefix.host(prefix.address()));
        }

        private boolean takesPort(int one) {
            return port.takes(one);
        }

        private boolean portIn(int lowest, int highest) {
            return IntStream.rangeClosed(lowest, highest)
                    .anyMatch(one -> (one & port.mask()) == (port.port() & port.mask()));
        }
    }
}
