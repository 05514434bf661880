package io.ipsecxdp.agent.peers;

import io.ipsecxdp.agent.tunnel.Ways;
import io.ipsecxdp.linux.SystemCallException;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.Links;
import io.ipsecxdp.xfrm.links.RouteLookup;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The ways out of the network namespace of the thread that asks. Keys are agreed whatever becomes of this: what cannot be read
 * is not known.
 */
public final class KernelWays implements Ways.Reader {

    private static final Logger LOG = Logger.getLogger(KernelWays.class);

    @Override
    public Ways read(Set<InetAddress> destinations) {
        try {
            return ways(destinations);
        } catch (SystemCallException | SocketException e) {
            LOG.warn("The interfaces and routes to other nodes of tunnels cannot be read", e);
            return Ways.UNKNOWN;
        }
    }

    private static Ways ways(Set<InetAddress> destinations) throws SocketException {
        List<Link> links = List.copyOf(Links.list().values());
        Map<Integer, Link> byIndex =
                links.stream().collect(Collectors.toMap(link -> link.device().index(), Function.identity()));
        Map<InetAddress, Integer> mtus = new HashMap<>();
        destinations.forEach(
                to -> RouteLookup.to(to).flatMap(way -> mtu(way, byIndex)).ifPresent(mtu -> mtus.put(to, mtu)));
        return new Ways(mtus, links, addresses());
    }

    /** What a route says, or was learned of the path, goes before what the interface takes ({@code ip_dst_mtu_maybe_forward}). */
    private static Optional<Integer> mtu(RouteLookup.Way way, Map<Integer, Link> byIndex) {
        return way.mtu().stream()
                .boxed()
                .findFirst()
                .or(() -> way.link().stream()
                        .boxed()
                        .findFirst()
                        .map(byIndex::get)
                        .map(Link::mtu));
    }

    private static Map<String, List<InetAddress>> addresses() throws SocketException {
        return Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                .collect(Collectors.toMap(
                        NetworkInterface::getName,
                        link -> link.inetAddresses()
                                .filter(address -> !address.isLinkLocalAddress())
                                .toList()));
    }
}
