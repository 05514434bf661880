package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SecurityPolicy;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What the kernel tells of packets without an SA becomes conditions and Events (RFC 9061: sadb-acquire, sadb-bad-spi). */
@OnCluster
class NotificationsIT {

    @Test
    void aPolicyWhosePacketsFindNoSaSaysWhichIsMissingUntilItIsThere(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "acquired", cluster.node(0), cluster.node(1), 0);
        SecurityPolicy out = tunnel.policies().getFirst();
        cluster.applyReady(tunnel.policies());
        ping(cluster, 1);

        Condition told = cluster.await(
                out, "without an SA", condition -> condition.reason().equals(Reason.NoSecurityAssociation.name()));
        assertThat(told.status()).isEqualTo(Condition.Status.True);
        assertThat(told.message())
                .contains("node n1", "with reqid " + out.getSpec().reqid(), "Declare a SecurityAssociation");
        assertThat(cluster.ready(tunnel.policies().getLast()).orElseThrow().reason())
                .isEqualTo(Reason.Installed.name());
        awaitEvent(cluster, out.getMetadata().getName(), Reason.NoSecurityAssociation);

        cluster.applyReady(tunnel.sas());
        cluster.await(out, "well", condition -> condition.reason().equals(Reason.Installed.name()));
        assertThat(ping(cluster, 3)).contains("3 received");
        assertThat(events(cluster, out.getMetadata().getName(), Reason.NoSecurityAssociation))
                .hasSize(1);
    }

    @Test
    void aNodeToWhichUnknownSpisComeIsDegraded(Cluster cluster) {
        var tunnel = new ForeignTunnel(cluster.node(0), cluster.node(1));
        Node receiver = cluster.node(1);
        try {
            tunnel.addSa(0x3003, OptionalInt.empty(), OptionalInt.empty());
            tunnel.addPolicies();
            receiver.script("ip xfrm state flush");
            ping(cluster, 20);

            Await.until(
                    "the node is Degraded for unknown SPIs",
                    Cluster.PATIENCE,
                    cluster::tails,
                    () -> status(cluster, receiver).conditions().stream()
                            .anyMatch(condition -> condition.type().equals(Condition.DEGRADED)
                                    && condition.status() == Condition.Status.True
                                    && condition.reason().equals(Reason.UnknownSpi.name())));
            awaitEvent(cluster, receiver.name(), Reason.UnknownSpi);
            Await.until(
                    "the node tells what its kernel counted",
                    SteeringIT.COUNTERS,
                    cluster::tails,
                    () -> status(cluster, receiver).xfrmErrors().stream()
                            .anyMatch(error -> error.counter().equals("XfrmInNoStates")
                                    && error.packets() >= SteeringIT.shownOf(20)));
        } finally {
            tunnel.flush();
        }
    }

    private static String ping(Cluster cluster, int count) {
        return cluster.node(0)
                .tryRun(
                        "ping",
                        "-q",
                        "-c",
                        Integer.toString(count),
                        "-i",
                        "0.05",
                        "-W",
                        "1",
                        cluster.node(1).facts().podAddress(IpFamily.IPV4))
                .out();
    }

    private static IPsecNodeStatus status(Cluster cluster, Node node) {
        return cluster.client()
                .resources(IPsecNode.class)
                .withName(node.name())
                .get()
                .getStatus();
    }

    private static void awaitEvent(Cluster cluster, String name, Reason reason) {
        Await.until(
                "an Event tells of " + name + ": " + reason,
                Cluster.PATIENCE,
                cluster::tails,
                () -> !events(cluster, name, reason).isEmpty());
    }

    private static List<Event> events(Cluster cluster, String name, Reason reason) {
        return cluster.client().events().v1().events().inNamespace("default").list().getItems().stream()
                .filter(event -> event.getRegarding().getName().equals(name)
                        && event.getReason().equals(reason.name())
                        && event.getType().equals("Warning"))
                .toList();
    }
}
