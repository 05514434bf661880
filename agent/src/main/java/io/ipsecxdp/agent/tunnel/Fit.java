package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.EspLayout;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.Prefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What fits through a tunnel.
 *
 * @param mtu the largest packet that goes to each of the other nodes in one piece
 * @param excess a sentence, if pods may send larger ones
 */
record Fit(int mtu, Optional<String> excess) {

    /** The addresses to which the SAs of a tunnel lead. */
    static Set<InetAddress> destinations(List<Membership> tunnels) {
        return tunnels.stream().flatMap(Fit::remote).collect(Collectors.toUnmodifiableSet());
    }

    /** Empty while there is no way to another node. */
    static Optional<Fit> of(Membership tunnel, Ways ways) {
        OptionalInt mtu = remote(tunnel)
                .flatMapToInt(remote -> ways.mtuTo(remote).stream()
                        .map(link -> EspLayout.of(
                                        TunnelEntries.mode(tunnel.planned()),
                                        AddressFamily.of(remote),
                                        TunnelEntries.aead(tunnel.planned()),
                                        false)
                                .largestWithin(link)))
                .min();
        return mtu.stream().boxed().findFirst().map(fits -> new Fit(fits, excess(tunnel, ways, fits)));
    }

    private static Stream<InetAddress> remote(Membership tunnel) {
        return tunnel.others().stream()
                .filter(tunnel::isOn)
                .flatMap(peer -> new PairTraffic(tunnel, peer).outer().stream())
                .map(outer -> IpLiterals.parse(outer.remote()));
    }

    /** Where the CNI encapsulates, its header comes on top, and where gateways forward, the networks behind are not known. */
    private static Optional<String> excess(Membership tunnel, Ways ways, int fits) {
        if (!tunnel.planned().traffic().protectsPods()) {
            return Optional.empty();
        }
        List<Prefix> podCidrs =
                tunnel.self().podCIDRs().stream().map(IpLiterals::parsePrefix).toList();
        // How many pods there are is not said: an object of the API would change with each that comes
        return ways.mtuOfPods(podCidrs).stream()
                .filter(mtu -> mtu > fits)
                .mapToObj(mtu ->
                        "packets of %d bytes fit, and interfaces of pods have an MTU of %d: set the MTU of pods to %d in the configuration of the CNI, and start the pods again."
                                .formatted(fits, mtu, fits))
                .findFirst();
    }
}
