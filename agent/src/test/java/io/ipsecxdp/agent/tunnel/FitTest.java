package io.ipsecxdp.agent.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.OverlayProtocol;
import io.ipsecxdp.crds.OverlayTraffic;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.TrafficSelector;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelTraffic;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.links.Link;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How large packets may be in a tunnel, and whether pods send larger ones. */
class FitTest {
    private static final TunnelTraffic PODS = TunnelTraffic.ofPods();
    private static final TunnelTraffic OVERLAY =
            new TunnelTraffic(null, new OverlayTraffic(OverlayProtocol.UDP, 8472), null);
    private static final TunnelTraffic SELECTORS =
            new TunnelTraffic(null, null, List.of(new TrafficSelector("192.0.2.0/24", "198.51.100.0/24")));

    private static final Link UPLINK = veth("eth0", 2, 0, 1500);

    private static PlannedTunnel tunnel(TunnelTraffic traffic, EncryptionAlgorithm algorithm) {
        return new PlannedTunnel("t", "uid", 1L, traffic, algorithm, 256, 2, 3600L, 1L << 36, 1L << 31, null, null);
    }

    private static TunnelPeer node(int number, boolean leaving, String... addresses) {
        return new TunnelPeer(
                "n" + number,
                "uid-n" + number,
                List.of(addresses),
                List.of("10.%d.0.0/16".formatted(number), "fd00:%d::/64".formatted(number)),
                TunnelPeer.MESH,
                1L,
                leaving ? true : null);
    }

    private static Membership in(PlannedTunnel tunnel, TunnelPeer self, TunnelPeer... others) {
        return new Membership(tunnel, self, List.of(others), 1, Optional.empty());
    }

    private static Membership in(TunnelTraffic traffic) {
        return in(
                tunnel(traffic, EncryptionAlgorithm.ENCR_AES_GCM_16),
                node(1, false, "192.0.2.1"),
                node(2, false, "192.0.2.2"));
    }

    private static Link veth(String name, int index, int master, int mtu) {
        return link(name, index, "veth", master, true, mtu);
    }

    private static Link link(String name, int index, String kind, int master, boolean elsewhere, int mtu) {
        return new Link(
                new NetDevice(name, index),
                Link.ETHERNET,
                kind,
                elsewhere ? OptionalInt.of(9) : OptionalInt.empty(),
                master == 0 ? OptionalInt.empty() : OptionalInt.of(master),
                elsewhere,
                false,
                mtu);
    }

    private static Ways ways(Map<String, String> addresses, Link... links) {
        return new Ways(
                Map.of(ip("192.0.2.2"), 1500, ip("192.0.2.3"), 1400, ip("2001:db8::2"), 1500),
                List.of(links),
                addresses.entrySet().stream()
                        .collect(java.util.stream.Collectors.toMap(
                                Map.Entry::getKey, entry -> List.of(ip(entry.getValue())))));
    }

    private static InetAddress ip(String text) {
        return IpLiterals.parse(text);
    }

    @ParameterizedTest
    @CsvSource({
        "ENCR_AES_GCM_16, 192.0.2.2, 1446",
        "ENCR_AES_GCM_16, 2001:db8::2, 1426",
        "ENCR_AES_CCM_8, 192.0.2.2, 1454",
        "ENCR_AES_GCM_12, 192.0.2.2, 1450",
        "ENCR_CHACHA20_POLY1305, 2001:db8::2, 1426"
    })
    void inTunnelModeTheOuterHeaderCounts(EncryptionAlgorithm algorithm, String peer, int fits) {
        Membership tunnel =
                in(tunnel(PODS, algorithm), node(1, false, "192.0.2.1", "2001:db8::1"), node(2, false, peer));

        assertThat(Fit.of(tunnel, ways(Map.of(), UPLINK))).map(Fit::mtu).hasValue(fits);
    }

    @Test
    void inTransportModeThePacketsOwnHeaderStays() {
        assertThat(Fit.of(in(OVERLAY), ways(Map.of(), UPLINK))).map(Fit::mtu).hasValue(1466);
    }

    @Test
    void theNarrowestWayCounts() {
        Membership tunnel = in(
                tunnel(PODS, EncryptionAlgorithm.ENCR_AES_GCM_16),
                node(1, false, "192.0.2.1"),
                node(2, false, "192.0.2.2"),
                node(3, false, "192.0.2.3"));

        assertThat(Fit.of(tunnel, ways(Map.of(), UPLINK))).map(Fit::mtu).hasValue(1346);
    }

    @Test
    void whoLeavesAndWhoIsNotReachedDoNotCount() {
        Membership tunnel = in(
                tunnel(PODS, EncryptionAlgorithm.ENCR_AES_GCM_16),
                node(1, false, "192.0.2.1"),
                node(2, false, "192.0.2.2"),
                node(3, true, "192.0.2.3"),
                node(4, false, "203.0.113.4"));

        assertThat(Fit.of(tunnel, ways(Map.of(), UPLINK))).map(Fit::mtu).hasValue(1446);
    }

    @Test
    void nothingIsSaidOfATunnelThatLeadsNowhere() {
        Membership alone = in(tunnel(PODS, EncryptionAlgorithm.ENCR_AES_GCM_16), node(1, false, "192.0.2.1"));

        assertThat(Fit.of(alone, ways(Map.of(), UPLINK))).isEmpty();
        assertThat(Fit.of(in(PODS), Ways.UNKNOWN)).isEmpty();
    }

    @Test
    void theLargestOfThePodsInterfacesCounts() {
        Ways ways = ways(
                Map.of("eth0", "192.0.2.1", "cni0", "10.1.0.1"),
                UPLINK,
                link("cni0", 3, "bridge", 0, false, 1500),
                veth("veth1", 4, 3, 1400),
                veth("veth2", 5, 3, 1500),
                veth("cali3", 6, 0, 1450));

        assertThat(Fit.of(in(PODS), ways).flatMap(Fit::excess))
                .hasValueSatisfying(why -> assertThat(why)
                        .contains("1446 bytes fit", "have an MTU of 1500", "set the MTU of pods to 1446"));
    }

    @Test
    void podsWhosePacketsFitAreLeftAlone() {
        Ways ways = ways(Map.of("eth0", "192.0.2.1"), UPLINK, veth("cali1", 4, 0, 1446));

        assertThat(Fit.of(in(PODS), ways).flatMap(Fit::excess)).isEmpty();
    }

    /** The node's own cable where the node is a container, that of Docker's bridge, a cable within the node. */
    @Test
    void whatIsNoPodDoesNotCount() {
        Ways ways = ways(
                Map.of("eth0", "192.0.2.1", "docker0", "172.17.0.1", "gke", "10.1.0.1"),
                UPLINK,
                link("docker0", 3, "bridge", 0, false, 1500),
                veth("veth1", 4, 3, 1500),
                link("here", 5, "veth", 0, false, 1500),
                veth("gke", 6, 0, 1400));

        assertThat(Fit.of(in(PODS), ways).flatMap(Fit::excess)).isEmpty();
    }

    @Test
    void aPodsInterfaceMayHaveAnAddressOfThePods() {
        Ways ways = ways(Map.of("gke", "10.1.0.1"), UPLINK, veth("gke", 6, 0, 1500));

        assertThat(Fit.of(in(PODS), ways).flatMap(Fit::excess)).isPresent();
    }

    @Test
    void ofOtherTrafficThePodsInterfacesSayNothing() {
        Ways ways = ways(Map.of(), veth("cali1", 4, 0, 1500));

        assertThat(Fit.of(in(OVERLAY), ways).flatMap(Fit::excess)).isEmpty();
        assertThat(Fit.of(in(SELECTORS), ways).flatMap(Fit::excess)).isEmpty();
    }
}
