package io.ipsecxdp.agent.tunnel;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What fits through the tunnels of this node. The kernel is asked when something changed, and now and then. For one thread. */
final class FitBook {

    /** What is learned of a path (RFC 1191), and a route that is no default one, come without a notification. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);

    /** What was read last. */
    private record Seen(Set<InetAddress> destinations, Ways ways, Instant at) {}

    private final Ways.Reader reader;
    private Optional<Seen> seen = Optional.empty();

    FitBook(Ways.Reader reader) {
        this.reader = reader;
    }

    /** An interface or a route is another one. */
    void linksChanged() {
        seen = Optional.empty();
    }

    /** By uid of the tunnel; without those that lead nowhere yet. */
    Map<String, Fit> of(List<Membership> tunnels, Instant now) {
        Set<InetAddress> destinations = Fit.destinations(tunnels);
        seen = seen.filter(last -> last.destinations().equals(destinations)
                        && now.isBefore(last.at().plus(LOOK_AGAIN)))
                .or(() -> Optional.of(new Seen(destinations, reader.read(destinations), now)));
        Map<String, Fit> fits = new HashMap<>();
        tunnels.forEach(
                tunnel -> Fit.of(tunnel, seen.orElseThrow().ways()).ifPresent(fit -> fits.put(tunnel.uid(), fit)));
        return fits;
    }
}
