package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.PerCpu;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelEnd;
import io.ipsecxdp.crds.TunnelSpec;
import io.ipsecxdp.crds.TunnelTraffic;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a Tunnel says that fits is what its kernels send in one piece, for nodes and for pods behind them. */
@OnCluster
class PathMtuIT {
    /** 1500 - 20 (IPv4) - 8 (SPI, sequence number) - 8 (IV) - 2 (trailer) - 16 (ICV), and that is a multiple of four bytes. */
    private static final int FITS = 1446;

    private static final int ICMP_HEADER = 8;

    /** How ping says it, of a router of IPv4 and of one of IPv6. */
    private static final Pattern MTU = Pattern.compile("mtu ?= ?(\\d+)");

    private static final String POD = "ipsec-xdp-pod-of-n1";

    @Test
    void whatFitsIsSentAndWhatIsAByteLargerIsRefused(Cluster cluster) {
        Tunnel tunnel = tunnel();
        cluster.applyReady(List.of(tunnel));
        cluster.warmUp();

        assertThat(cluster.client().resource(tunnel).get().getStatus().mtu()).isEqualTo(FITS);
        for (IpFamily family : IpFamily.values()) {
            String from = cluster.node(0).facts().podAddress(family);
            String to = cluster.node(1).facts().podAddress(family);

            assertThat(ping(cluster.node(0), family, FITS, from, to).ok()).isTrue();
            Command.Result tooLarge = ping(cluster.node(0), family, FITS + 1, from, to);
            assertThat(tooLarge.ok()).isFalse();
            // By which of the two ways the kernel says so depends on the family; one of them has no number
            assertThat(tooLarge.err()).containsIgnoringCase("message too long");
        }
    }

    @Test
    void podsWithALargerMtuAreSaidAndTheirPacketsGetThrough(Cluster cluster) {
        Tunnel tunnel = tunnel();
        cluster.applyReady(List.of(tunnel));
        cluster.warmUp();
        Node n1 = cluster.node(0);
        try (var cleanup = new Cleanup()) {
            cleanup.add(() -> n1.script("ip netns delete %s\nsysctl -q -w %s\n".formatted(POD, forwarding(0))));
            makePod(n1);
            cluster.await(
                    tunnel,
                    "in force, and pods send more than fits",
                    condition -> condition.reason().equals(Reason.MtuTooLarge.name())
                            && condition.message().contains("node n1")
                            && condition.message().contains("set the MTU of pods to " + FITS));

            KernelProcess server = cleanup.add(KernelProcess.start(
                    cluster.lab().daemons(), "iperf3", cluster.node(1), List.of("iperf3", "-s", "--forceflush")));
            server.daemon().awaitText("Server listening", Cluster.PATIENCE);
            for (IpFamily family : IpFamily.values()) {
                String to = cluster.node(1).facts().podAddress(family);

                assertAnswered(inPod(n1, pingCommand(family, FITS + 1, to)));
                assertThat(inPod(n1, pingCommand(family, FITS, to)).ok()).isTrue();
                // What was learned is forgotten, so that TCP begins with segments for a link of 1,500 bytes
                inPod(n1, List.of("ip", "route", "flush", "cache"));
                inPod(n1, List.of("ip", "-6", "route", "flush", "cache"));
                Command.Result tcp = inPod(n1, List.of("iperf3", "-c", to, "-n", "1M", "--connect-timeout", "5000"));
                assertThat(tcp.ok()).as(tcp.toString()).isTrue();
                assertThat(inPod(n1, List.of("ip", "route", "get", to)).out()).contains("mtu " + FITS);
            }

            n1.run("ip", "link", "set", "cali1", "mtu", Integer.toString(FITS));
            cluster.await(tunnel, "in force", condition -> condition.reason().equals(Reason.Installed.name()));
        }
    }

    /** As a CNI that routes makes one: a veth to a network namespace, and a route to its addresses. */
    private static void makePod(Node node) {
        String prefix4 = node.facts().podAddress(IpFamily.IPV4).replaceFirst("1$", "");
        String prefix6 = node.facts().podAddress(IpFamily.IPV6).replaceFirst("1$", "");
        node.kernel().script("""
                        set -euo pipefail
                        pod=$1 node=$2 v4=$3 v6=$4
                        ip netns add "$pod"
                        ip -n "$node" link add cali1 mtu 1500 type veth peer name eth0 mtu 1500 netns "$pod"
                        ip -n "$node" address add 169.254.1.1/32 dev cali1
                        ip -n "$node" address add fe80::1/64 dev cali1 nodad
                        ip -n "$node" link set cali1 up
                        ip -n "$pod" address add "$v4/32" dev eth0
                        ip -n "$pod" address add "$v6/128" dev eth0 nodad
                        ip -n "$pod" link set lo up
                        ip -n "$pod" link set eth0 up
                        ip -n "$pod" route add 169.254.1.1 dev eth0
                        ip -n "$pod" route add default via 169.254.1.1
                        ip -n "$pod" route add default via fe80::1 dev eth0
                        # All addresses of the prefix are the node's own in its table local
                        ip -n "$node" route add "$v4/32" dev cali1 table local
                        ip -n "$node" route add "$v6/128" dev cali1
                        """, POD, node.facts().namespace(), prefix4 + "9", prefix6 + "9");
        node.script("sysctl -q -w " + forwarding(1));
    }

    private static String forwarding(int on) {
        return "net.ipv4.ip_forward=%1$d net.ipv6.conf.all.forwarding=%1$d".formatted(on);
    }

    private static Command.Result inPod(Node node, List<String> words) {
        return Command.of(node.kernel()
                        .command(Stream.concat(Stream.of("nsenter", "--net=/run/netns/" + POD), words.stream())
                                .toList()))
                .run();
    }

    private static Command.Result ping(Node node, IpFamily family, int length, String from, String to) {
        return node.tryRun(Stream.concat(pingCommand(family, length, to).stream(), Stream.of("-I", from))
                .toArray(String[]::new));
    }

    /** One packet of this length, with its IP header, that must not be cut. */
    private static List<String> pingCommand(IpFamily family, int length, String to) {
        int header = family == IpFamily.IPV4 ? 20 : 40;
        return List.of(
                "ping", "-M", "do", "-c", "1", "-W", "5", "-s", Integer.toString(length - header - ICMP_HEADER), to);
    }

    private static void assertAnswered(Command.Result ping) {
        assertThat(ping.ok()).as(ping.toString()).isFalse();
        assertThat(MTU.matcher(ping.out() + ping.err())
                        .results()
                        .map(found -> Integer.valueOf(found.group(1)))
                        .findFirst())
                .as(ping.toString())
                .contains(FITS);
    }

    private static Tunnel tunnel() {
        Tunnel tunnel = new Tunnel();
        tunnel.setMetadata(new ObjectMetaBuilder().withName("mtu").build());
        tunnel.setSpec(new TunnelSpec(
                List.of(new TunnelEnd(new LabelSelector())),
                TunnelTraffic.ofPods(),
                new PerCpu(2),
                null,
                null,
                null,
                null));
        return tunnel;
    }
}
