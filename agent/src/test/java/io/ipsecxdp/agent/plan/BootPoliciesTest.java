package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.PoliciesInForce;
import io.ipsecxdp.agent.ledger.PoliciesInForce.ApiServerAddress;
import io.ipsecxdp.agent.ledger.PoliciesInForce.HeldPolicy;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedPolicyBuilder;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.xfrm.Kernels;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BootPoliciesTest {

    private static final Endpoint API_SERVER = new Endpoint(ip("fd00::1"), 6443);
    private static final EntryStatus IN_FORCE = EntryStatus.installed("In force.");
    private static final EntryStatus WAITS = EntryStatus.pending("Waits.");

    private static final PlannedPolicy A = protect("a", 1000);
    private static final PlannedPolicy B = protect("b", 1000);

    private static PlannedPolicy protect(String uid, int priority) {
        return PlannedPolicyBuilder.builder()
                .withName("name-" + uid)
                .withUid(uid)
                .withGeneration(1L)
                .withDirection(PolicyDirection.Out)
                .withSelectorSource("10.1.0.0/16")
                .withSelectorDestination("10.2.0.0/16")
                .withProtocol("Any")
                .withInterfaceName("eth" + uid)
                .withAction(PolicyAction.Protect)
                .withPriority(priority)
                .withTemplate(PlannedPolicy.Template.esp(SaMode.Tunnel, "10.0.0.1", "10.0.0.2", 5L))
                .build();
    }

    private static Slice slice(String name, PlannedPolicy... policies) {
        return new Slice(
                name, name, 1, new NodePlanSpec("n1", List.of(), List.of(policies), List.of()), Optional.empty());
    }

    private static KernelInfo facts(String boot, boolean learned) {
        ApiServerWay way = new ApiServerWay(Set.of(API_SERVER), Set.of(), Set.of(), learned, 32768, 60999);
        return new KernelInfo(boot, CpuList.parse("0"), Kernels.MODERN, way);
    }

    private static Round round(Map<String, EntryStatus> statuses, Slice... slices) {
        Map<PolicyKey, EntryStatus> policies = statuses.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> new PolicyKey(Origin.of(entry.getKey()), PolicyDirection.Out), Map.Entry::getValue));
        return new Round(
                Desired.of(List.of(slices), Map.of()),
                new Plan(List.of(), Map.of(), policies, Set.of(), false),
                Observed.NOTHING,
                Acquires.NONE);
    }

    private static Optional<PoliciesInForce> held(PlannedPolicy... policies) {
        return Optional.of(new PoliciesInForce(
                "before",
                Set.of(new ApiServerAddress("192.0.2.1", 443)),
                Stream.of(policies).map(policy -> new HeldPolicy("s", policy)).toList()));
    }

    private static List<PlannedPolicy> after(Optional<PoliciesInForce> before, Round round) {
        return BootPolicies.after(round, facts("boot", true), before).orElseThrow().policies().stream()
                .map(HeldPolicy::policy)
                .toList();
    }

    @Test
    void aPolicyCountsOnceItIsInForce() {
        assertThat(after(Optional.empty(), round(Map.of("a", IN_FORCE, "b", WAITS), slice("s", A, B))))
                .containsExactly(A);
    }

    @Test
    void oneThatChangesCountsAsItWasUntilTheChangeIsInForce() {
        PlannedPolicy changed = protect("a", 2000);

        assertThat(after(held(A), round(Map.of("a", WAITS), slice("s", changed))))
                .containsExactly(A);
        assertThat(after(held(A), round(Map.of("a", IN_FORCE), slice("s", changed))))
                .containsExactly(changed);
    }

    @Test
    void oneThatIsNotPlannedAnyMoreIsForgotten() {
        assertThat(after(held(A, B), round(Map.of("b", IN_FORCE), slice("s", B))))
                .containsExactly(B);
    }

    @Test
    void aMissingPlanOrdersNothing() {
        assertThat(BootPolicies.after(round(Map.of()), facts("boot", true), held(A, B)))
                .isEqualTo(held(A, B));
        assertThat(BootPolicies.after(round(Map.of()), facts("boot", true), Optional.empty()))
                .isEmpty();
    }

    @Test
    void theApiServersAreThoseThatWereKnownLast() {
        Round round = round(Map.of("a", IN_FORCE), slice("s", A));

        assertThat(BootPolicies.apiServers(
                        BootPolicies.after(round, facts("boot", true), held(A)).orElseThrow()))
                .containsExactly(API_SERVER);
        assertThat(BootPolicies.apiServers(
                        BootPolicies.after(round, facts("boot", false), held(A)).orElseThrow()))
                .containsExactly(new Endpoint(ip("192.0.2.1"), 443));
    }

    @Test
    void policiesAreHeldOnlyAfterABoot() {
        PoliciesInForce policies = held(A).orElseThrow();

        assertThat(BootPolicies.areToBeHeld(policies, "before")).isFalse();
        assertThat(BootPolicies.areToBeHeld(policies, "boot")).isTrue();
        assertThat(BootPolicies.areToBeHeld(new PoliciesInForce("before", Set.of(), List.of()), "boot"))
                .isFalse();
    }

    @Test
    void theyAreWantedWithTheIndexesOfThisBootAndOrderNothingAway() {
        Desired desired = Desired.of(held(A, B).orElseThrow(), Map.of("etha", 7));

        assertThat(desired.policies().values())
                .singleElement()
                .satisfies(policy -> assertThat(policy.policy().id().selector().interfaceIndex())
                        .isEqualTo(7));
        assertThat(desired.unfitPolicies()).containsOnlyKeys(new PolicyKey(Origin.of("b"), PolicyDirection.Out));
        assertThat(desired.knows("s")).isFalse();
    }
}
