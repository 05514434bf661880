package io.ipsecxdp.operator.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedPolicyBuilder;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.PolicyReport;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** When a node loses its startup taint, and that it loses no other. */
class StartupTaintTest {
    private static final PlannedPolicy POLICY = PlannedPolicyBuilder.builder()
            .withName("p")
            .withUid("uid")
            .withGeneration(1L)
            .withDirection(PolicyDirection.Out)
            .withSelectorSource("10.1.0.0/16")
            .withSelectorDestination("10.2.0.0/16")
            .withProtocol("Any")
            .withAction(PolicyAction.Discard)
            .withPriority(1)
            .build();

    private static Node node(String... taints) {
        var builder = new NodeBuilder()
                .withNewMetadata()
                .withName("n1")
                .withResourceVersion("17")
                .endMetadata()
                .withNewStatus()
                .withNewNodeInfo()
                .withBootID("b1")
                .endNodeInfo()
                .endStatus()
                .withNewSpec();
        for (String taint : taints) {
            builder = builder.addNewTaint()
                    .withKey(taint)
                    .withEffect("NoSchedule")
                    .endTaint();
        }
        return builder.endSpec().build();
    }

    private static IPsecNode agent(String boot) {
        var agent = new IPsecNode();
        agent.setMetadata(new ObjectMetaBuilder().withName("n1").build());
        agent.setStatus(new IPsecNodeStatus(
                "7.3", boot, "1", "0", null, null, null, null, null, null, null, null, null, null, null, null, null,
                null, null));
        return agent;
    }

    private static NodePlan plan(Long observed, EntryState... states) {
        var plan = new NodePlan();
        plan.setMetadata(
                new ObjectMetaBuilder().withName("n1-0").withGeneration(2L).build());
        plan.setSpec(new NodePlanSpec("n1", List.of(), List.of(POLICY), List.of()));
        plan.setStatus(new NodePlanStatus(
                observed,
                "b1/1",
                "",
                List.of(),
                Stream.of(states)
                        .map(state -> new PolicyReport(
                                "p", PolicyDirection.Out, "uid", 1L, state, "x", "x", null, null, null, null, null))
                        .toList(),
                List.of(),
                List.of()));
        return plan;
    }

    @Test
    void anAgentIsOfTheBootThatTheKubeletReported() {
        assertThat(StartupTaint.isOfThisBoot(agent("b1/4711"), node())).isTrue();
        assertThat(StartupTaint.isOfThisBoot(agent("b1"), node())).isTrue();
        assertThat(StartupTaint.isOfThisBoot(agent("b0/4711"), node())).isFalse();
        assertThat(StartupTaint.isOfThisBoot(agent("b11/4711"), node())).isFalse();
        assertThat(StartupTaint.isOfThisBoot(agent(null), node())).isFalse();
    }

    @Test
    void aPlanIsInForceWhenAllPoliciesOfItsPresentGenerationAre() {
        assertThat(StartupTaint.isInForce(plan(2L, EntryState.Installed))).isTrue();
        assertThat(StartupTaint.isInForce(plan(1L, EntryState.Installed))).isFalse();
        assertThat(StartupTaint.isInForce(plan(2L, EntryState.Pending))).isFalse();
        assertThat(StartupTaint.isInForce(plan(2L, EntryState.Failed))).isFalse();
        assertThat(StartupTaint.isInForce(plan(2L))).isFalse();
    }

    @Test
    void onlyThatTaintIsTakenAway() {
        assertThat(StartupTaint.isTainted(node("other"))).isFalse();
        assertThat(StartupTaint.isTainted(node("other", StartupTaint.KEY))).isTrue();
        assertThat(StartupTaint.removal(node("other", StartupTaint.KEY, "another")))
                .isEqualTo("""
                        [{"op":"replace","path":"/metadata/resourceVersion","value":"17"},\
                        {"op":"remove","path":"/spec/taints/1"}]""");
    }

    @Test
    void twoOfThatKeyWithDifferentEffectsAreTakenAwayFromTheLastOn() {
        assertThat(StartupTaint.removal(node(StartupTaint.KEY, StartupTaint.KEY)))
                .containsSubsequence("remove\",\"path\":\"/spec/taints/1", "remove\",\"path\":\"/spec/taints/0");
    }
}
