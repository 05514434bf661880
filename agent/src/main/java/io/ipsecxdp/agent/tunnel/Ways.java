package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.links.Link;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The ways out of this node, as its kernel has them at one moment.
 *
 * @param mtus the largest IP packet that goes to an address in one piece; without those to which there is no route
 * @param links all interfaces
 * @param addresses those of a wider scope than the link, by name of the interface
 */
public record Ways(Map<InetAddress, Integer> mtus, List<Link> links, Map<String, List<InetAddress>> addresses) {

    public static final Ways UNKNOWN = new Ways(Map.of(), List.of(), Map.of());

    /** Reads them. */
    public interface Reader {
        /** {@link #UNKNOWN} if that fails. */
        Ways read(Set<InetAddress> destinations);
    }

    public Ways {
        mtus = Map.copyOf(mtus);
        links = List.copyOf(links);
        addresses = Map.copyOf(addresses);
    }

    OptionalInt mtuTo(InetAddress destination) {
        Integer mtu = mtus.get(destination);
        return mtu == null ? OptionalInt.empty() : OptionalInt.of(mtu);
    }

    /**
     * The largest MTU of the interfaces that pods use. Pods are in network namespaces of their own, each at the end of a veth,
     * and CNIs give both ends the same MTU. The node's own end has no address, or one of the pods'; a veth by which the
     * node itself is reached, as where it is a container, has another one.
     */
    OptionalInt mtuOfPods(List<Prefix> podCidrs) {
        return links.stream()
                .filter(Link::leadsElsewhere)
                .filter(link -> hasNoOther(link, podCidrs))
                .filter(link -> links.stream()
                        .filter(one ->
                                link.master().equals(OptionalInt.of(one.device().index())))
                        .allMatch(bridge -> hasNoOther(bridge, podCidrs)))
                .mapToInt(Link::mtu)
                .max();
    }

    private boolean hasNoOther(Link link, List<Prefix> podCidrs) {
        return addresses.getOrDefault(link.device().name(), List.of()).stream()
                .allMatch(address -> podCidrs.stream().anyMatch(pods -> IpLiterals.within(address, pods)));
    }
}
