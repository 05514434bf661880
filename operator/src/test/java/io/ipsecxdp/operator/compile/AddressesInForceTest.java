package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.flowHost;
import static io.ipsecxdp.operator.compile.Fixtures.flowNode;
import static io.ipsecxdp.operator.compile.Fixtures.host;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.nodeAt;
import static io.ipsecxdp.operator.compile.Fixtures.nothing;
import static io.ipsecxdp.operator.compile.Fixtures.prefixes;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.SaMode;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is declared between two ends that have SAs or policies takes the addresses that these have. */
class AddressesInForceTest {
    private static final Fixtures TWO_NODES =
            nothing().node("n1", "10.0.0.1", "10.0.1.1").node("n2", "10.0.0.2", "10.0.1.2");

    private static final Fixtures AN_SA =
            TWO_NODES.sa("sa", node("n1"), node("n2"), 4096).planned();

    private static Fixtures otherOrder(Fixtures cluster) {
        return cluster.node("n1", "10.0.1.1", "10.0.0.1").node("n2", "10.0.1.2", "10.0.0.2");
    }

    private static Stream<String> sa(Fixtures cluster, String name) {
        return Plans.sas(cluster.compile(), "n1").stream()
                .filter(sa -> sa.name().equals(name))
                .map(sa -> sa.source() + " to " + sa.destination());
    }

    private static Stream<String> policy(Fixtures cluster, String name) {
        return Plans.policies(cluster.compile(), "n1").stream()
                .filter(policy -> policy.name().equals(name))
                .flatMap(policy -> policy.protection().stream())
                .map(template -> template.source() + " to " + template.destination());
    }

    @Test
    void aPolicyTakesThoseOfTheSa() {
        var cluster = otherOrder(AN_SA).policy("policy", flowNode("n1"), flowNode("n2"));

        assertThat(policy(cluster, "policy")).containsOnly("10.0.0.1 to 10.0.0.2");
    }

    @Test
    void anSaTakesThoseOfThePolicy() {
        var cluster = otherOrder(TWO_NODES
                        .policy("policy", flowNode("n1"), flowNode("n2"))
                        .planned())
                .sa("sa", node("n1"), node("n2"), 4096);

        assertThat(sa(cluster, "sa")).containsOnly("10.0.0.1 to 10.0.0.2");
        assertThat(policy(cluster, "policy")).containsOnly("10.0.0.1 to 10.0.0.2");
    }

    @Test
    void theyHoldForTheOtherDirection() {
        var cluster = otherOrder(AN_SA)
                .sa("back", node("n2"), node("n1"), 4097)
                .policy("policy", flowNode("n2"), flowNode("n1"));

        assertThat(sa(cluster, "back")).containsOnly("10.0.0.2 to 10.0.0.1");
        assertThat(policy(cluster, "policy")).containsOnly("10.0.0.2 to 10.0.0.1");
    }

    @Test
    void theyHoldTowardsAHostOutside() {
        var cluster = otherOrder(
                        TWO_NODES.sa("sa", node("n1"), host("192.0.2.1"), 4096).planned())
                .policy("policy", flowNode("n1"), flowHost("192.0.2.1"))
                .policy("other", flowNode("n1"), flowHost("192.0.2.2"));

        assertThat(policy(cluster, "policy")).containsOnly("10.0.0.1 to 192.0.2.1");
        assertThat(policy(cluster, "other")).containsOnly("10.0.1.1 to 192.0.2.2");
    }

    @Test
    void betweenOtherNodesTheFirstInternalIpCounts() {
        var cluster = otherOrder(AN_SA).node("n3", "10.0.0.3").policy("policy", flowNode("n1"), flowNode("n3"));

        assertThat(policy(cluster, "policy")).containsOnly("10.0.1.1 to 10.0.0.3");
    }

    @Test
    void whatTheNodeNoLongerHasIsLeft() {
        var cluster = AN_SA.node("n1", "10.0.1.1")
                .node("n2", "10.0.1.2", "10.0.0.2")
                .policy("policy", flowNode("n1"), flowNode("n2"));

        assertThat(sa(cluster, "sa")).containsOnly("10.0.1.1 to 10.0.0.2");
        assertThat(policy(cluster, "policy")).containsOnly("10.0.1.1 to 10.0.0.2");
    }

    @Test
    void anAddressThatWasGivenIsNobodyElses() {
        var cluster = TWO_NODES
                .sa("given", nodeAt("n1", "10.0.1.1"), node("n2"), 4096)
                .planned()
                .policy("policy", flowNode("n1"), flowNode("n2"));

        assertThat(policy(cluster, "policy")).containsOnly("10.0.0.1 to 10.0.0.2");
    }

    @Test
    void aFamilyThatASelectorAskedForIsNobodyElses() {
        var cluster = nothing()
                .node("n1", "10.0.0.1", "fd00::1")
                .node("n2", "10.0.0.2", "fd00::2")
                .policy(
                        "transport",
                        1,
                        flowNode("n1"),
                        flowNode("n2"),
                        prefixes("fd00::1/128", "fd00::2/128"),
                        PolicyAction.Protect,
                        SaMode.Transport)
                .planned()
                .sa("sa", node("n1"), node("n2"), 4096);

        assertThat(sa(cluster, "sa")).containsOnly("10.0.0.1 to 10.0.0.2");
    }

    @Test
    void aFamilyThatANodeGainsMovesNothing() {
        var cluster = nothing()
                .node("n1", "fd00::1")
                .node("n2", "fd00::2")
                .sa("sa", node("n1"), node("n2"), 4096)
                .planned()
                .node("n1", "10.0.0.1", "fd00::1")
                .node("n2", "10.0.0.2", "fd00::2")
                .policy("policy", flowNode("n1"), flowNode("n2"));

        assertThat(sa(cluster, "sa")).containsOnly("fd00::1 to fd00::2");
        assertThat(policy(cluster, "policy")).containsOnly("fd00::1 to fd00::2");
    }
}
