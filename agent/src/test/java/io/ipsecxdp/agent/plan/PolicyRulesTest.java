package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.Moment.inbound;
import static io.ipsecxdp.agent.plan.Moment.key;
import static io.ipsecxdp.agent.plan.Moment.observed;
import static io.ipsecxdp.agent.plan.Moment.outbound;
import static io.ipsecxdp.agent.plan.Moment.protect;
import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.plan.AbsentPolicyRules.AbsentPolicy;
import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.agent.plan.Action.RemovePolicy;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.PresentPolicyRules.PresentPolicy;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyFlag;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Each rule about a policy, by a case that it decides and no rule before it. */
class PolicyRulesTest {

    private static final DesiredPolicy POLICY = protect("p", PolicyDir.OUT, 1000);
    private static final DesiredPolicy CHANGED = protect("p", PolicyDir.OUT, 900);
    private static final DesiredSa SA = outbound("a", 0x1000);
    private static final KeyView MISSING = new KeyView.Unavailable(Reason.KeyMissing, "none");
    private static final DesiredPolicy FIRST = protect("p", PolicyDir.OUT, 0);
    private static final ApiServerWay PARTLY_KNOWN = new ApiServerWay(
            Set.of(new Endpoint(ip("10.96.0.1"), 443)),
            Set.of(ip("10.1.0.1")),
            Set.of(ip("10.1.0.1")),
            false,
            32768,
            60999);
    private static final ApiServerWay UNDER_IT =
            new ApiServerWay(Set.of(new Endpoint(ip("10.2.0.9"), 6443)), Set.of(ip("10.1.0.1")), 32768, 60999);

    private static DesiredPolicy bypass() {
        DecisionInput covered = new Moment().want(POLICY).apiServer(UNDER_IT).now();
        return ((InstallPolicy) new ApiServerBypasses(covered).actions().getFirst()).policy();
    }

    @Test
    void aBypassIsForTheEndpointsAddressAndPortBeforeAllOthers() {
        XfrmSelector connection = XfrmSelector.between(prefix("10.1.0.1/32"), prefix("10.2.0.9/32"))
                .with(new IpProtocol(6), PortMatch.ANY, PortMatch.exactly(6443));
        assertThat(bypass().policy())
                .isEqualTo(new Policy(PolicyId.of(PolicyDir.OUT, connection), 0, Policy.Action.ALLOW, List.of()));
    }

    @Nested
    class OfAnAbsentPolicy {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(AbsentPolicyRules.CHAIN.names())
                    .containsExactly(
                            "CoversApiServer",
                            "ApiServerUnknown",
                            "DuplicateSelector",
                            "RefusedByKernel",
                            "WaitsForBypass",
                            "WaitsForSa",
                            "WaitsForSaThatFailed",
                            "Install");
        }

        private void decides(String rule, Moment moment, DesiredPolicy policy) {
            assertThat(Moment.deciding(AbsentPolicyRules.CHAIN, new AbsentPolicy(moment.policyFacts(), policy)))
                    .isEqualTo(rule);
        }

        @Test
        void overTheWayToTheApiServerWithNoRoomForABypassItIsRefused() {
            Moment moment = new Moment().want(FIRST).apiServer(UNDER_IT);
            decides("CoversApiServer", moment, FIRST);
            assertThat(moment.status(FIRST).state()).isEqualTo(EntryState.Failed);
            assertThat(moment.status(FIRST).reason()).isEqualTo(Reason.CoversApiServer);
            assertThat(moment.status(FIRST).message()).contains("10.2.0.9 port 6443", "priority is 0");
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void overTheWayToTheApiServerItWaitsForItsBypass() {
            Moment moment = new Moment().want(POLICY).apiServer(UNDER_IT);
            decides("WaitsForBypass", moment, POLICY);
            assertThat(moment.plan().actions()).containsExactly(new InstallPolicy(bypass()));
            decides("Install", moment.inForce(bypass()), POLICY);
        }

        @Test
        void whereAPolicyOfOthersHasThePlaceOfTheBypassItIsRefused() {
            Policy inTheWay = new Policy(bypass().policy().id(), 0, Policy.Action.BLOCK, List.of());
            Moment moment = new Moment().want(POLICY).apiServer(UNDER_IT).inKernel(observed(inTheWay));
            decides("CoversApiServer", moment, POLICY);
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void aBypassOfTheUserServesAsWell() {
            DesiredPolicy ofUser =
                    Moment.policy("u", new Policy(bypass().policy().id(), 5, Policy.Action.ALLOW, List.of()));
            Moment moment = new Moment().want(POLICY, ofUser).apiServer(UNDER_IT);
            assertThat(moment.plan().actions()).containsExactly(new InstallPolicy(ofUser));
            decides("Install", moment.inForce(ofUser), POLICY);
        }

        @Test
        void whileNotAllApiServersAreKnownAWideOneWaits() {
            Moment moment = new Moment().want(POLICY).apiServer(PARTLY_KNOWN);
            decides("ApiServerUnknown", moment, POLICY);
            assertThat(moment.status(POLICY).state()).isEqualTo(EntryState.Pending);
            assertThat(moment.status(POLICY).reason()).isEqualTo(Reason.CoversApiServer);
            assertThat(moment.status(POLICY).message()).contains("default/kubernetes");
        }

        @Test
        void ofTwoWithOneSelectorTheSecondIsRefused() {
            DesiredPolicy second = protect("q", PolicyDir.OUT, 5);
            Moment moment = new Moment().want(POLICY, second);
            decides("DuplicateSelector", moment, second);
            assertThat(moment.status(second).message()).contains("name-p");
        }

        @Test
        void whatTheKernelRefusedIsNotAskedAgainAtOnce() {
            decides("RefusedByKernel", new Moment().want(POLICY).refused(POLICY), POLICY);
        }

        @Test
        void itWaitsForItsSa() {
            Moment moment = new Moment().want(SA).want(POLICY);
            decides("WaitsForSa", moment, POLICY);
            assertThat(moment.status(POLICY).message()).contains(SA.name());
        }

        @Test
        void itWaitsUntilItsSaWasReadBack() {
            assertThat(new Moment().want(SA).want(POLICY).secret(SA, "k").plan().actions())
                    .hasOnlyElementsOfType(Action.InstallSa.class);
        }

        @Test
        void theSaOfAnotherFlowDoesNotHoldItBackWhoseReqidIsTheSame() {
            DesiredSa toAnother = Moment.sa("c", SaDir.OUT, SaId.esp(ip("10.0.0.3"), 0x3000), SaOptions.NONE);
            decides(
                    "Install",
                    new Moment().want(toAnother, inbound("b", 0x2000)).want(POLICY),
                    POLICY);
        }

        @Test
        void aFlowThatWasNeverProtectedIsNotDiscardedWhileItsOnlySaFails() {
            Moment moment = new Moment().want(SA).want(POLICY).keyOf(SA, MISSING);
            decides("WaitsForSaThatFailed", moment, POLICY);
            assertThat(moment.status(POLICY).state()).isEqualTo(EntryState.Pending);
            assertThat(moment.status(POLICY).message()).contains(SA.name(), "KeyMissing");
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void oneSaInForceIsEnoughWhenAnotherFails() {
            DesiredSa other = outbound("c", 0x3000);
            decides(
                    "Install",
                    new Moment().want(SA, other).want(POLICY).keyOf(SA, MISSING).inForce(other),
                    POLICY);
        }

        @Test
        void aFlowThatWasProtectedOnceIsNeverInClearAgain() {
            Moment afterABoot =
                    new Moment().want(SA).want(POLICY).secret(SA, "k").used(SA, "k", new KeyUse.Open());
            assertThat(afterABoot.status(SA).reason()).isEqualTo(Reason.NonceAtRisk);
            decides("Install", afterABoot, POLICY);
            decides(
                    "Install",
                    new Moment().want(SA).want(POLICY).keyOf(SA, MISSING).reported(SA),
                    POLICY);
        }

        @Test
        void aPolicyThatSomebodyDeletedComesBackThoughItsSaFails() {
            decides(
                    "Install",
                    new Moment().want(SA).want(POLICY).keyOf(SA, MISSING).own(POLICY),
                    POLICY);
        }

        @Test
        void inboundAnOptionalTemplateWaitsForNoSa() {
            DesiredPolicy in = protect("p", PolicyDir.IN, 1000);
            Template required = in.policy().templates().getFirst();
            Template optional = new Template(
                    required.protocol(),
                    required.mode(),
                    required.reqid(),
                    required.ends(),
                    0,
                    Template.Level.USE,
                    required.family());
            decides("WaitsForSa", new Moment().want(inbound("b", 0x2000)).want(in), in);
            DesiredPolicy accepts = Moment.with(in, optional);
            decides("Install", new Moment().want(inbound("b", 0x2000)).want(accepts), accepts);
        }

        @Test
        void betweenTwoHostsInTransportModeItWaitsForTheSaBetweenThem() {
            XfrmSelector hosts = XfrmSelector.between(prefix("10.0.0.1/32"), prefix("10.0.0.2/32"));
            DesiredPolicy policy = Moment.policy(
                    "p",
                    new Policy(
                            PolicyId.of(PolicyDir.OUT, hosts),
                            1000,
                            Policy.Action.ALLOW,
                            List.of(Templates.espTransport(AddressFamily.IPV4, Moment.REQID))));
            decides("WaitsForSa", new Moment().want(transport("10.0.0.2")).want(policy), policy);
            decides("Install", new Moment().want(transport("10.0.0.3")).want(policy), policy);
        }

        private DesiredSa transport(String destination) {
            Sa tunnel = SA.sa();
            return Moment.desired(
                    "t",
                    new Sa(
                            SaId.esp(ip(destination), 0x1000),
                            tunnel.source(),
                            SaDir.OUT,
                            Mode.TRANSPORT,
                            tunnel.algorithms(),
                            tunnel.reqid(),
                            0,
                            true,
                            tunnel.ownerCpu(),
                            SaOptions.NONE));
        }

        @Test
        void elseItIsInstalled() {
            Moment moment = new Moment().want(POLICY);
            decides("Install", moment, POLICY);
            assertThat(moment.plan().actions()).containsExactly(new InstallPolicy(POLICY));
        }
    }

    @Nested
    class OfAPresentPolicy {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(PresentPolicyRules.CHAIN.names())
                    .containsExactly(
                            "DuplicateSelector",
                            "AdoptedAsReported",
                            "AdoptedAsOfTunnel",
                            "Foreign",
                            "RefusedByKernel",
                            "CoversApiServer",
                            "ApiServerUnknown",
                            "WaitsForBypass",
                            "WaitsForSa",
                            "WaitsForSaThatFailed",
                            "WaitsForSaThatNobodyDeclared",
                            "Replace",
                            "InForce");
        }

        private void decides(String rule, Moment moment, DesiredPolicy policy) {
            PolicyFacts facts = moment.policyFacts();
            PresentPolicy present = PresentPolicy.of(
                    facts, key(policy), policy, facts.there(policy).orElseThrow());
            assertThat(Moment.deciding(PresentPolicyRules.CHAIN, present)).isEqualTo(rule);
        }

        @Test
        void whatIsInForceStaysWhenNoBypassCanStandBeforeIt() {
            Moment moment = new Moment().want(FIRST).inForce(FIRST).apiServer(UNDER_IT);
            decides("CoversApiServer", moment, FIRST);
            assertThat(moment.status(FIRST).state()).isEqualTo(EntryState.Installed);
            assertThat(moment.status(FIRST).reason()).isEqualTo(Reason.CoversApiServer);
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void aChangeThatWouldCutTheNodeOffIsNotMade() {
            DesiredPolicy discard =
                    Moment.policy("p", new Policy(POLICY.policy().id(), 0, Policy.Action.BLOCK, List.of()));
            Moment moment =
                    new Moment().want(discard).inForce(Moment.with(POLICY)).apiServer(UNDER_IT);
            decides("CoversApiServer", moment, discard);
            assertThat(moment.status(discard).state()).isEqualTo(EntryState.Failed);
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void aChangeThatMayCutTheNodeOffWaitsUntilAllApiServersAreKnown() {
            decides(
                    "ApiServerUnknown",
                    new Moment().want(POLICY).inForce(Moment.with(POLICY)).apiServer(PARTLY_KNOWN),
                    POLICY);
            decides("Replace", new Moment().want(CHANGED).inForce(POLICY).apiServer(PARTLY_KNOWN), CHANGED);
            decides("InForce", new Moment().want(POLICY).inForce(POLICY).apiServer(PARTLY_KNOWN), POLICY);
        }

        @Test
        void aChangeThatCoversTheWayWaitsForTheBypass() {
            Moment moment = new Moment()
                    .want(SA)
                    .want(POLICY)
                    .inForce(SA)
                    .inForce(Moment.with(POLICY))
                    .apiServer(UNDER_IT);
            decides("WaitsForBypass", moment, POLICY);
            assertThat(moment.plan().actions())
                    .contains(new InstallPolicy(bypass()))
                    .noneMatch(ReplacePolicy.class::isInstance);
            decides("Replace", moment.inForce(bypass()), POLICY);
        }

        @Test
        void whatIsInForceStaysWhenTheApiServerMovesUnderItAndABypassGoesInFront() {
            Moment moment = new Moment().want(POLICY).inForce(POLICY).apiServer(UNDER_IT);
            decides("InForce", moment, POLICY);
            assertThat(moment.status(POLICY).message()).contains("bypass", "10.2.0.9 port 6443");
            assertThat(moment.plan().actions()).containsExactly(new InstallPolicy(bypass()));
        }

        @Test
        void theBypassGoesWhenNothingCoversTheWayAnyMore() {
            assertThat(new Moment()
                            .want(POLICY)
                            .inForce(POLICY, bypass())
                            .plan()
                            .actions())
                    .hasExactlyElementsOfTypes(RemovePolicy.class);
            assertThat(new Moment()
                            .want(POLICY)
                            .inForce(POLICY, bypass())
                            .apiServer(UNDER_IT)
                            .plan()
                            .actions())
                    .isEmpty();
        }

        @Test
        void theBypassStaysUntilThePolicyThatItStandsBeforeIsGone() {
            Plan plan =
                    new Moment().inForce(POLICY, bypass()).apiServer(UNDER_IT).plan();
            assertThat(plan.actions()).hasExactlyElementsOfTypes(RemovePolicy.class);
            assertThat(((RemovePolicy) plan.actions().getFirst()).policy().name())
                    .isEqualTo(POLICY.name());
        }

        @Test
        void theBypassStaysWhileNotAllApiServersAreKnown() {
            assertThat(new Moment()
                            .want(POLICY)
                            .inForce(POLICY, bypass())
                            .apiServer(PARTLY_KNOWN)
                            .plan()
                            .actions())
                    .isEmpty();
        }

        @Test
        void theBypassStaysWithThePolicyOfAMissingPlan() {
            assertThat(new Moment()
                            .inForce(POLICY, bypass())
                            .apiServer(UNDER_IT)
                            .withoutPlan()
                            .plan()
                            .actions())
                    .isEmpty();
        }

        @Test
        void aBypassThatSomebodyChangedIsPutBack() {
            Policy changed = new Policy(bypass().policy().id(), 7, Policy.Action.BLOCK, List.of());
            Moment moment = new Moment()
                    .want(POLICY)
                    .inForce(POLICY)
                    .own(bypass())
                    .inKernel(observed(changed))
                    .apiServer(UNDER_IT);
            assertThat(moment.plan().actions()).containsExactly(new ReplacePolicy(bypass()));
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

        private final DesiredPolicy moved = Moment.with(POLICY, tunnelTo("10.0.0.3"));
        private final DesiredSa movedSa = Moment.sa("c", SaDir.OUT, SaId.esp(ip("10.0.0.3"), 0x3000), SaOptions.NONE);

        private Template tunnelTo(String peer) {
            return Templates.espTunnel(ip("10.0.0.1"), ip(peer), Moment.REQID);
        }

        private void stays(String rule, Moment moment) {
            decides(rule, moment, moved);
            assertThat(moment.status(moved).state()).isEqualTo(EntryState.Pending);
            assertThat(moment.status(moved).message()).contains("stays in force");
            assertThat(moment.plan().actions()).noneMatch(ReplacePolicy.class::isInstance);
        }

        @Test
        void theOldOneStaysWhileTheSaOfTheNewOneIsComing() {
            stays("WaitsForSa", new Moment().want(movedSa).want(moved).inForce(POLICY));
        }

        @Test
        void theOldOneStaysWhileTheSaOfTheNewOneFails() {
            Moment moment =
                    new Moment().want(movedSa).want(moved).inForce(POLICY).keyOf(movedSa, MISSING);
            stays("WaitsForSaThatFailed", moment);
            assertThat(moment.status(moved).message()).contains(movedSa.name(), "KeyMissing");
        }

        @Test
        void theOldOneStaysWhileNobodyDeclaresAnSaForTheNewOne() {
            Moment moment = new Moment().want(moved).inForce(POLICY);
            stays("WaitsForSaThatNobodyDeclared", moment);
            assertThat(moment.status(moved).message())
                    .contains("ESP in tunnel mode from 10.0.0.1 to 10.0.0.3 with reqid 5");
        }

        @Test
        void aReceiverThatBeginsToRequireWaitsForNoOtherSa() {
            DesiredPolicy requires = protect("p", PolicyDir.IN, 1000);
            Template required = requires.policy().templates().getFirst();
            DesiredPolicy accepts = Moment.with(
                    requires,
                    new Template(
                            required.protocol(),
                            required.mode(),
                            required.reqid(),
                            required.ends(),
                            required.spi(),
                            Template.Level.USE,
                            required.family()));
            decides("Replace", new Moment().want(requires).inForce(accepts), requires);
        }

        @Test
        void withItsSaInForceTheNewOneReplacesTheOldOne() {
            decides(
                    "Replace",
                    new Moment().want(movedSa).want(moved).inForce(POLICY).inForce(movedSa),
                    moved);
        }

        @Test
        void theSaOfAnIkeDaemonServesAsWell() {
            Moment moment = new Moment().want(moved).inForce(POLICY).inKernel(observed(movedSa.sa()));
            decides("Replace", moment, moved);
        }

        @Test
        void aPolicyThatAsksAnIkeDaemonForItsSasDoesNotWaitForThem() {
            Policy same = moved.policy();
            DesiredPolicy asks = Moment.policy(
                    "p",
                    new Policy(
                            same.id(),
                            same.priority(),
                            same.action(),
                            same.templates(),
                            Set.of(PolicyFlag.PER_CPU_ACQUIRE)));
            decides("Replace", new Moment().want(asks).inForce(POLICY), asks);
        }

        @Test
        void fromClearToProtectedItWaitsAndBackItDoesNot() {
            DesiredPolicy clear = Moment.with(POLICY);
            Moment moment = new Moment().want(SA).want(POLICY).inForce(clear);
            decides("WaitsForSa", moment, POLICY);
            decides("Replace", new Moment().want(clear).inForce(POLICY), clear);
        }

        @Test
        void whatSomebodyElsePutThereDoesNotStay() {
            Moment moment = new Moment()
                    .want(SA)
                    .want(POLICY)
                    .own(POLICY)
                    .inKernel(observed(Moment.with(POLICY).policy()))
                    .changed(POLICY);
            decides("Replace", moment, POLICY);
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
