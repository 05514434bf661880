package io.ipsecxdp.agent.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.tunnel.Ways;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.links.Link;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a kernel says of its interfaces and routes. */
@Timeout(60)
class KernelWaysIT {

    private static Set<InetAddress> ips(String... texts) {
        return Arrays.stream(texts).map(IpLiterals::parse).collect(Collectors.toSet());
    }

    @Test
    void whatARouteSaysGoesBeforeWhatItsInterfaceTakes() {
        Needs.root();
        try (NetworkNamespace node = NetworkNamespace.create();
                NetworkNamespace pod = NetworkNamespace.create()) {
            node.ip(
                    "link add eth0 mtu 9000 type veth peer name eth1",
                    "link add cali1 mtu 1400 type veth peer name eth0 netns " + pod.path(),
                    "link set eth0 up",
                    "link set eth1 up",
                    "address add 192.0.2.1/24 dev eth0",
                    "address add 2001:db8::1/64 dev eth0 nodad",
                    "route add 198.51.100.0/24 via 192.0.2.254 mtu 1450");

            Ways ways = node.call(
                    () -> new KernelWays().read(ips("192.0.2.2", "2001:db8::2", "198.51.100.2", "203.0.113.2")));

            assertThat(ways.mtus())
                    .isEqualTo(Map.of(
                            IpLiterals.parse("192.0.2.2"), 9000,
                            IpLiterals.parse("2001:db8::2"), 9000,
                            IpLiterals.parse("198.51.100.2"), 1450));
            assertThat(ways.links())
                    .filteredOn(Link::leadsElsewhere)
                    .singleElement()
                    .satisfies(link -> {
                        assertThat(link.device().name()).isEqualTo("cali1");
                        assertThat(link.mtu()).isEqualTo(1400);
                    });
            // Java reads those of IPv6 from /proc/net, which is that of the process's first thread
            assertThat(ways.addresses().get("eth0")).contains(IpLiterals.parse("192.0.2.1"));
        }
    }
}
