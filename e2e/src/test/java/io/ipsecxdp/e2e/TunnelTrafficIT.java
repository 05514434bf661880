package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.OverlayProtocol;
import io.ipsecxdp.crds.OverlayTraffic;
import io.ipsecxdp.crds.PerCpu;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TrafficSelector;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelEnd;
import io.ipsecxdp.crds.TunnelSpec;
import io.ipsecxdp.crds.TunnelTraffic;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The kinds of traffic that a Tunnel protects besides that of pods, on packets. */
@OnCluster
class TunnelTrafficIT {
    private static final int VXLAN = 8_472;
    private static final int PORT = 5_700;
    private static final int PACKETS = 300;
    private static final int PER_SECOND = 500;

    /** Of a pre-shared key: as many as a Tunnel wants at least. */
    private static final int BYTES = 32;

    @Test
    void theOverlayOfACniIsProtectedWithAPresharedKey(Cluster cluster) {
        Tunnel tunnel = tunnel(
                "overlay",
                List.of(new TunnelEnd(new LabelSelector())),
                new TunnelTraffic(null, new OverlayTraffic(OverlayProtocol.UDP, VXLAN), null),
                new KeySecretRef("second-lock", "psk"));
        try (var cleanup = new Cleanup()) {
            for (int i = 0; i < 2; i++) {
                Node node = cluster.node(i);
                encapsulate(node, cluster.node(1 - i), i + 1);
                cleanup.add(() -> node.run("ip", "link", "delete", "vxlan0"));
            }
            cluster.apply(List.of(tunnel));
            cluster.await(
                    tunnel, "without its key", condition -> condition.reason().equals(Reason.KeyMissing.name()));
            cluster.keys().put("second-lock", Api.KEY_SECRET_TYPE, Map.of("psk", Keys.random(BYTES)));
            cluster.await(tunnel, "in force", condition -> condition.status() == Condition.Status.True);
            cluster.node(0).run("ping", "-q", "-c", "1", "-W", "5", "10.30.0.2");

            try (Wire plain = Wire.count(cluster.lab().daemons(), cluster.lab().nodes(), "plain", "udp port " + VXLAN);
                    Wire esp = Wire.count(cluster.lab().daemons(), cluster.lab().nodes(), "esp", "esp")) {
                String report =
                        cluster.node(0).run("ping", "-q", "-c", Integer.toString(PACKETS), "-i", "0.01", "10.30.0.2");

                assertThat(report).contains("%1$d packets transmitted, %1$d received".formatted(PACKETS));
                assertThat(plain.stop()).isZero();
                assertThat(esp.stop()).isGreaterThanOrEqualTo(2 * PACKETS);
            }
            assertThat(cluster.client().resource(tunnel).get().getStatus().mtu())
                    .isEqualTo(1466);
            assertThat(cluster.node(0).run("ip", "xfrm", "state", "list", "nokeys"))
                    .contains("mode transport")
                    .doesNotContain("mode tunnel");
        } finally {
            cluster.keys().delete("second-lock");
        }
    }

    @Test
    void networksBehindTwoGatewaysAreProtected(Cluster cluster) {
        String first = cluster.node(0).facts().pods().getFirst();
        String second = cluster.node(1).facts().pods().getFirst();
        Tunnel tunnel = tunnel(
                "gateways",
                List.of(end(cluster.node(0)), end(cluster.node(1))),
                new TunnelTraffic(null, null, List.of(new TrafficSelector(first, second))),
                null);
        cluster.applyReady(List.of(tunnel));
        cluster.warmUp();

        try (Wire plain = Wire.count(cluster.lab().daemons(), cluster.lab().nodes(), "plain", "ip and udp")) {
            for (int i = 0; i < 2; i++) {
                Flow.Report report = Flow.counted(cluster.node(i), cluster.node(1 - i), PORT, 0, PACKETS, PER_SECOND)
                        .run(cluster.lab().daemons());
                assertThat(report.lost()).as(report.toString()).isZero();
            }
            assertThat(plain.stop()).isZero();
        }
        assertThat(cluster.node(0).run("ip", "xfrm", "policy"))
                .as("nothing but what the selectors name")
                .contains("src %s dst %s".formatted(first, second))
                .doesNotContain(cluster.node(0).facts().pods().getLast());
    }

    /** As Flannel does it: what goes to the other node's overlay address is put into UDP. */
    private static void encapsulate(Node node, Node other, int number) {
        node.script("""
                set -e
                ip link add vxlan0 type vxlan id 1 dstport %d local %s remote %s dev eth0
                ip address add 10.30.0.%d/24 dev vxlan0
                ip link set vxlan0 up
                """.formatted(
                VXLAN, node.facts().address(IpFamily.IPV4), other.facts().address(IpFamily.IPV4), number));
    }

    private static TunnelEnd end(Node node) {
        return new TunnelEnd(new LabelSelectorBuilder()
                .addToMatchLabels("kubernetes.io/hostname", node.name())
                .build());
    }

    private static Tunnel tunnel(String name, List<TunnelEnd> ends, TunnelTraffic traffic, KeySecretRef presharedKey) {
        Tunnel tunnel = new Tunnel();
        tunnel.setMetadata(new ObjectMetaBuilder().withName(name).build());
        tunnel.setSpec(new TunnelSpec(ends, traffic, new PerCpu(2), null, null, presharedKey, null));
        return tunnel;
    }
}
