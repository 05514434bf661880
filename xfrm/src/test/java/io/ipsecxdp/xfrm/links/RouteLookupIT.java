package io.ipsecxdp.xfrm.links;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import java.net.InetAddress;
import java.util.Optional;
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

    private static Optional<InetAddress> source(NetworkNamespace namespace, String destination) {
        return namespace.call(() -> RouteLookup.sourceTo(ip(destination)));
    }
}
