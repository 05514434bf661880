package io.ipsecxdp.agent.node;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.node.NodeAddresses.Addressed;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NodeAddressesTest {

    private static Addressed link(String name, String... addresses) {
        return new Addressed(
                name, false, Stream.of(addresses).map(address -> ip(address)).toList());
    }

    private static List<InetAddress> services(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> ip("10.96.%d.%d".formatted(number / 256, number % 256)))
                .toList();
    }

    @Test
    void areReportedByInterfaceButForLoopbackAndLinkLocalOnes() {
        NodeAddresses addresses = NodeAddresses.of(List.of(
                link("lo", "127.0.0.1", "::1"), link("eth0", "192.0.2.2", "192.0.2.1", "2001:db8::1", "fe80::1")));

        assertThat(addresses.reported())
                .hasSize(1)
                .containsEntry("eth0", List.of("192.0.2.1", "192.0.2.2", "2001:db8:0:0:0:0:0:1"));
        assertThat(addresses.all()).hasSize(6);
    }

    @Test
    void ofADummyThatIsDownAreNotTheNodes() {
        NodeAddresses addresses = NodeAddresses.of(
                List.of(link("eth0", "192.0.2.1"), new Addressed("kube-ipvs0", true, services(10_000))));

        assertThat(addresses.reported()).containsOnlyKeys("eth0");
        assertThat(addresses.all()).containsExactly(ip("192.0.2.1"));
        assertThat(addresses.unreported()).isZero();
    }

    @Test
    void areReportedUpToABoundAndTheRestIsCounted() {
        NodeAddresses addresses =
                NodeAddresses.of(List.of(new Addressed("dummy0", false, services(1_000)), link("eth0", "192.0.2.1")));

        assertThat(addresses.reported().get("dummy0")).hasSize(NodeAddresses.MOST_REPORTED);
        assertThat(addresses.unreported()).isEqualTo(1_001 - NodeAddresses.MOST_REPORTED);
        assertThat(addresses.all()).hasSize(1_001);
    }
}
