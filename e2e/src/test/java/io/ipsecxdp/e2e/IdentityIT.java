package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Mark;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.PolicyEnd;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityAssociationSpecBuilder;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SecurityPolicySpec;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is who: a node is its instance and not its name, an SA is ours and not what lies where ours does. */
@OnCluster
class IdentityIT {
    private static final int PACKETS = 500;
    private static final int PER_SECOND = 500;
    private static final int PORT = 5_500;

    /** As cloud providers repair a machine: its disk is new, and its NodePlans were collected with the Node. */
    @Test
    void aNodeThatIsReplacedUnderItsNameSendsWithNoKeyOfItsPredecessor(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "replaced", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        assertNothingIsLost(cluster);
        Node node = cluster.node(0);
        SecurityAssociation outbound = outbound(tunnel, node);

        cluster.agent(0).terminate();
        cluster.client().nodes().withName(node.name()).delete();
        cluster.client().resources(NodePlan.class).list().getItems().stream()
                .filter(plan -> plan.getSpec().node().equals(node.name()))
                .forEach(plan -> cluster.client().resource(plan).delete());
        node.script("ip xfrm state flush; ip xfrm policy flush; rm -rf %s/*"
                .formatted(node.facts().state()));
        new Installation(cluster.lab().project(), cluster.client()).register(node.facts());
        cluster.agent(0).startAgain();
        cluster.agent(0).awaitReady();

        Condition condition =
                cluster.await(outbound, "at risk", ready -> ready.reason().equals(Reason.NonceAtRisk.name()));
        assertThat(condition.status()).isEqualTo(Condition.Status.False);
        assertThat(condition.message()).contains(node.name());
        assertThat(sad(node)).doesNotContain(spi(outbound));
    }

    /** The kernel finds the first SA whose mark takes ours in, not the one with the same mark ({@code __xfrm_state_lookup}). */
    @Test
    void anSaOfSomebodyElseInTheSamePlaceWithoutAMarkStaysWhenOursGoes(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "marked", cluster.node(0), cluster.node(1), 0);
        Node node = cluster.node(1);
        SecurityAssociation ours = outbound(tunnel, cluster.node(0));
        ours.setSpec(SecurityAssociationSpecBuilder.builder(ours.getSpec())
                .withTerms(SaTermsBuilder.builder(ours.getSpec().terms())
                        .withMark(new Mark(5L, 0xffL))
                        .build())
                .build());
        cluster.applyReady(List.of(ours));
        node.run(
                "ip",
                "xfrm",
                "state",
                "add",
                "src",
                "192.0.2.9",
                "dst",
                node.facts().address(IpFamily.IPV4),
                "proto",
                "esp",
                "spi",
                Long.toString(ours.getSpec().spi()),
                "mode",
                "tunnel",
                "reqid",
                "77",
                "aead",
                "rfc4106(gcm(aes))",
                "0x" + "5a".repeat(20),
                "128");

        cluster.client().resource(ours).delete();

        Await.until(
                "ours is gone, or is said to be kept",
                Cluster.PATIENCE,
                cluster::tails,
                () -> !cluster.node(0)
                        .run("ip", "xfrm", "state", "list", "nokeys")
                        .contains(spi(ours)));
        Await.pause(Duration.ofSeconds(15)); // longer than a resync
        assertThat(sad(node)).contains("src 192.0.2.9");
        node.run(
                "ip",
                "xfrm",
                "state",
                "delete",
                "src",
                "192.0.2.9",
                "dst",
                node.facts().address(IpFamily.IPV4),
                "proto",
                "esp",
                "spi",
                Long.toString(ours.getSpec().spi()));
        Await.until(
                "ours goes too",
                Cluster.PATIENCE,
                cluster::tails,
                () -> !sad(node).contains(spi(ours)));
    }

    @Test
    void theOrderOfANodesAddressesDoesNotPartAFlowsPolicyFromItsSa(Cluster cluster) {
        Node node = cluster.node(0);
        String second = "10.10.0.101";
        node.run("ip", "address", "add", second + "/24", "dev", "eth0");
        try {
            addresses(cluster, node, List.of(node.facts().address(IpFamily.IPV4), second));
            DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "addresses", node, cluster.node(1), 0);
            List<SecurityPolicy> policies = tunnel.policies();
            tunnel.sas()
                    .forEach(sa -> sa.setSpec(SecurityAssociationSpecBuilder.builder(sa.getSpec())
                            .withSource(new SaEnd(sa.getSpec().source().node(), null, null, null))
                            .withDestination(
                                    new SaEnd(sa.getSpec().destination().node(), null, null, null))
                            .build()));
            policies.forEach(policy -> policy.setSpec(SecurityPolicySpec.esp(
                    new PolicyEnd(policy.getSpec().source().node(), null, null),
                    new PolicyEnd(policy.getSpec().destination().node(), null, null),
                    policy.getSpec().selector(),
                    null,
                    SaMode.Tunnel,
                    policy.getSpec().reqid(),
                    null)));
            cluster.applyReady(tunnel.objects());
            cluster.warmUp();
            assertNothingIsLost(cluster);

            addresses(cluster, node, List.of(second, node.facts().address(IpFamily.IPV4)));
            policies.forEach(policy -> cluster.client().resource(policy).delete());
            Await.until(
                    "no policies",
                    Cluster.PATIENCE,
                    cluster::tails,
                    () -> !node.run("ip", "xfrm", "policy").contains("tmpl"));
            cluster.applyReady(policies);

            assertNothingIsLost(cluster);
        } finally {
            node.run("ip", "address", "del", second + "/24", "dev", "eth0");
            new Installation(cluster.lab().project(), cluster.client()).register(node.facts());
        }
    }

    private static SecurityAssociation outbound(DeclaredTunnel tunnel, Node from) {
        return tunnel.sas().stream()
                .filter(sa -> from.name().equals(sa.getSpec().source().node()))
                .findFirst()
                .orElseThrow();
    }

    /** What the node's kubelet would write. */
    private static void addresses(Cluster cluster, Node node, List<String> addresses) {
        cluster.client()
                .nodes()
                .withName(node.name())
                .editStatus(found -> new NodeBuilder(found)
                        .editStatus()
                        .withAddresses(addresses.stream()
                                .map(address -> new NodeAddress(address, "InternalIP"))
                                .toList())
                        .endStatus()
                        .build());
    }

    private static void assertNothingIsLost(Cluster cluster) {
        Flow.Report report = Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND)
                .run(cluster.lab().daemons());
        assertThat(report.lost()).as(report.toString()).isZero();
    }

    private static String sad(Node node) {
        return node.run("ip", "xfrm", "state", "list", "nokeys");
    }

    private static String spi(SecurityAssociation sa) {
        return "spi 0x%08x".formatted(sa.getSpec().spi());
    }
}
