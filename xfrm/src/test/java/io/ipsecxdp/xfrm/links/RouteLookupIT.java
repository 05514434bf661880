package io.ipsecxdp.xfrm.links;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RouteLookupIT {

    @Test
    void theAddressThatTheKernelWouldSendFromIsTold() {
        Needs.root();
        try (NetworkNamespace namespace = NetworkNamespace.create()) {
            namespace.ip(
                    "link set lo up",
                    "link add d0 type veth peer name d1",
                    "link set d1 up",
                    "link set d0 up",
                    "address add 10.0.0.1/24 dev d0",
                    "address add 10.0.0.7/32 dev d0",
                    "address add fd00::1/64 dev d0 nodad",
                    "route add 192.0.2.0/24 via 10.0.0.254 src 10.0.0.7");

            assertThat(source(namespace, "10.0.0.9")).contains(ip("10.0.0.1"));
            assertThat(source(namespace, "192.0.2.9")).contains(ip("10.0.0.7"));
            assertThat(source(namespace, "fd00::9")).contains(ip("fd00::1"));
            assertThat(source(namespace, "198.51.100.9")).as("no route").isEmpty();
        }
    }

    @Test
    void theInterfaceIsToldAndTheMtuOfARouteThatHasItsOwn() {
        Needs.root();
        try (NetworkNamespace namespace = NetworkNamespace.create()) {
            namespace.ip(
                    "link add d0 mtu 9000 type veth peer name d1",
                    "link set d1 up",
                    "link set d0 up",
                    "address add 10.0.0.1/24 dev d0",
                    "address add fd00::1/64 dev d0 nodad",
                    "route add 192.0.2.0/24 via 10.0.0.254 mtu 1400",
                    "route add fd99::/64 via fd00::254 mtu 1300");
            OptionalInt d0 = OptionalInt.of(
                    namespace.call(Links::list).get("d0").device().index());

            assertThat(way(namespace, "10.0.0.9"))
                    .contains(new RouteLookup.Way(Optional.of(ip("10.0.0.1")), d0, OptionalInt.empty()));
            assertThat(way(namespace, "192.0.2.9").orElseThrow().mtu()).hasValue(1400);
            assertThat(way(namespace, "fd99::9").orElseThrow().mtu()).hasValue(1300);
            assertThat(way(namespace, "fd99::9").orElseThrow().link()).isEqualTo(d0);
            assertThat(way(namespace, "fd00::9").orElseThrow().mtu()).isEmpty();
            assertThat(namespace.call(Links::list).get("d0").mtu()).isEqualTo(9000);
        }
    }

    private static Optional<RouteLookup.Way> way(NetworkNamespace namespace, String destination) {
        return namespace.call(() -> RouteLookup.to(ip(destination)));
    }

    private static Optional<InetAddress> source(NetworkNamespace namespace, String destination) {
        return namespace.call(() -> RouteLookup.sourceTo(ip(destination)));
    }
}
