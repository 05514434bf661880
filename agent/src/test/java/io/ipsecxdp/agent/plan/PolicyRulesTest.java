package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.Moment.key;
import static io.ipsecxdp.agent.plan.Moment.observed;
import static io.ipsecxdp.agent.plan.Moment.outbound;
import static io.ipsecxdp.agent.plan.Moment.protect;
import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.plan.AbsentPolicyRules.AbsentPolicy;
import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.PresentPolicyRules.PresentPolicy;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.PolicyDir;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Each rule about a policy, by a case that it decides and no rule before it. */
class PolicyRulesTest {

    private static final DesiredPolicy POLICY = protect("p", PolicyDir.OUT, 1000);
    private static final DesiredPolicy CHANGED = protect("p", PolicyDir.OUT, 900);
    private static final DesiredSa SA = outbound("a", 0x1000);
    private static final ApiServerWay UNDER_IT =
            new ApiServerWay(Set.of(new Endpoint(ip("10.2.0.9"), 6443)), Set.of(ip("10.1.0.1")), 32768, 60999);

    @Nested
    class OfAnAbsentPolicy {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(AbsentPolicyRules.CHAIN.names())
                    .containsExactly(
                            "CoversApiServer", "DuplicateSelector", "RefusedByKernel", "WaitsForSa", "Install");
        }

        private void decides(String rule, Moment moment, DesiredPolicy policy, Map<Long, String> awaited) {
            PolicyFacts facts = new PolicyFacts(moment.now(), awaited);
            assertThat(Moment.deciding(AbsentPolicyRules.CHAIN, new AbsentPolicy(facts, policy)))
                    .isEqualTo(rule);
        }

        @Test
        void overTheWayToTheApiServerItIsRefused() {
            Moment moment = new Moment().want(POLICY).apiServer(UNDER_IT);
            decides("CoversApiServer", moment, POLICY, Map.of());
            assertThat(moment.status(POLICY).reason()).isEqualTo(Reason.CoversApiServer);
        }

        @Test
        void ofTwoWithOneSelectorTheSecondIsRefused() {
            DesiredPolicy second = protect("q", PolicyDir.OUT, 5);
            Moment moment = new Moment().want(POLICY, second);
            decides("DuplicateSelector", moment, second, Map.of());
            assertThat(moment.status(second).message()).contains("name-p");
        }

        @Test
        void whatTheKernelRefusedIsNotAskedAgainAtOnce() {
            decides("RefusedByKernel", new Moment().want(POLICY).refused(POLICY), POLICY, Map.of());
        }

        @Test
        void itWaitsForItsSa() {
            Moment moment = new Moment().want(SA).want(POLICY);
            decides("WaitsForSa", moment, POLICY, Map.of(Moment.REQID, SA.name()));
            assertThat(moment.status(POLICY).message()).contains(SA.name());
        }

        @Test
        void elseItIsInstalled() {
            Moment moment = new Moment().want(POLICY);
            decides("Install", moment, POLICY, Map.of());
            assertThat(moment.plan().actions()).containsExactly(new InstallPolicy(POLICY));
        }
    }

    @Nested
    class OfAPresentPolicy {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(PresentPolicyRules.CHAIN.names())
                    .containsExactly(
                            "CoversApiServer",
                            "DuplicateSelector",
                            "AdoptedAsReported",
                            "Foreign",
                            "RefusedByKernel",
                            "Replace",
                            "InForce");
        }

        private void decides(String rule, Moment moment, DesiredPolicy policy) {
            PolicyFacts facts = new PolicyFacts(moment.now(), Map.of());
            PresentPolicy present = PresentPolicy.of(
                    facts, key(policy), policy, facts.there(policy).orElseThrow());
            assertThat(Moment.deciding(PresentPolicyRules.CHAIN, present)).isEqualTo(rule);
        }

        @Test
        void overTheWayToTheApiServerItIsRefused() {
            decides("CoversApiServer", new Moment().want(POLICY).inForce(POLICY).apiServer(UNDER_IT), POLICY);
        }

        @Test
        void ofTwoWithOneSelectorTheOneThatHasThePlaceKeepsIt() {
            DesiredPolicy other = protect("0", PolicyDir.OUT, 5);
            Moment moment = new Moment().want(other, POLICY).inForce(POLICY);
            decides("DuplicateSelector", moment, other);
            assertThat(moment.status(POLICY).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void whatWasReportedInThisBootIsAdoptedWhenTheJournalIsLost() {
            Moment moment = new Moment()
                    .want(POLICY)
                    .inKernel(observed(POLICY.policy()))
                    .reported(POLICY);
            decides("AdoptedAsReported", moment, POLICY);
            assertThat(moment.plan().actions()).hasOnlyElementsOfType(Write.class);
        }

        @Test
        void whatTheJournalDoesNotKnowIsNotOurs() {
            Moment moment = new Moment().want(POLICY).inKernel(observed(POLICY.policy()));
            decides("Foreign", moment, POLICY);
            assertThat(moment.status(POLICY).reason()).isEqualTo(Reason.ForeignEntry);
        }

        @Test
        void aChangeThatTheKernelRefusedIsNotAskedForAtOnce() {
            decides(
                    "RefusedByKernel",
                    new Moment().want(CHANGED).inForce(POLICY).refused(CHANGED),
                    CHANGED);
        }

        @Test
        void whatIsOtherwiseIsReplaced() {
            Moment moment = new Moment().want(CHANGED).inForce(POLICY);
            decides("Replace", moment, CHANGED);
            assertThat(moment.plan().actions()).containsExactly(new ReplacePolicy(CHANGED));
        }

        @Test
        void whatIsAsDeclaredIsInForce() {
            Moment moment = new Moment().want(POLICY).inForce(POLICY);
            decides("InForce", moment, POLICY);
            assertThat(moment.status(POLICY)).isEqualTo(EntryStatus.installed("In force."));
            assertThat(moment.plan().actions()).isEmpty();
        }
    }
}
