package io.ipsecxdp.agent.kernel;

import static io.ipsecxdp.agent.kernel.TestingNode.declaredAnew;
import static io.ipsecxdp.agent.kernel.TestingNode.inbound;
import static io.ipsecxdp.agent.kernel.TestingNode.key;
import static io.ipsecxdp.agent.kernel.TestingNode.keyOf;
import static io.ipsecxdp.agent.kernel.TestingNode.outbound;
import static io.ipsecxdp.agent.kernel.TestingNode.ownedBy;
import static io.ipsecxdp.agent.kernel.TestingNode.protect;
import static io.ipsecxdp.agent.kernel.TestingNode.withKey;
import static io.ipsecxdp.agent.kernel.TestingNode.withReqid;
import static io.ipsecxdp.agent.kernel.TestingNode.withoutWindow;
import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.LifetimeLimits;
import io.ipsecxdp.crds.Lifetimes;
import io.ipsecxdp.crds.Mark;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class KernelReconcilerTest {

    private static final PlannedSa OUT = outbound("out", 0x1000);
    private static final PlannedSa IN = inbound("in", 0x2000);
    private static final PlannedPolicy OUT_POLICY = protect("p", PolicyDirection.Out, 1000);
    private static final PlannedPolicy IN_POLICY = protect("p", PolicyDirection.In, 1000);
    private static final SaId OUT_ID = SaId.esp(ip("10.0.0.2"), 0x1000);
    private static final SaId IN_ID = SaId.esp(ip("10.0.0.1"), 0x2000);

    private static final Lifetimes HOUR = new Lifetimes(null, new LifetimeLimits(null, null, 3_600L, null));

    private TestingNode node;

    @BeforeEach
    void boot() {
        node = new TestingNode();
        node.secret(keyOf("out"), key(1));
        node.secret(keyOf("in"), key(2));
    }

    @AfterEach
    void shutDown() {
        node.close();
    }

    private void planEverything() {
        node.plan("s", List.of(OUT, IN), List.of(OUT_POLICY, IN_POLICY));
        node.settle();
    }

    private static Sa sa(PlannedSa planned) {
        return desired(planned, Optional.empty())
                .sas()
                .get(Origin.of(planned.uid()))
                .sa();
    }

    private static Policy policy(PlannedPolicy planned) {
        return desired(OUT, Optional.of(planned))
                .policies()
                .get(Desired.PolicyKey.of(planned))
                .policy();
    }

    private static Desired desired(PlannedSa sa, Optional<PlannedPolicy> policy) {
        NodePlanSpec spec = new NodePlanSpec("n1", List.of(sa), policy.stream().toList(), List.of());
        return Desired.of(List.of(new Slice("s", "s", 1, spec, Optional.empty())), Map.of());
    }

    private static PlannedSa marked(PlannedSa sa) {
        return sa.withTerms(sa.terms().withMark(new Mark(5L, 0xffL)));
    }

    private void assertInForce(PlannedSa... sas) {
        for (PlannedSa sa : sas) {
            assertThat(node.sa(sa.uid()).state()).as(sa.uid()).isEqualTo(EntryState.Installed);
            assertThat(node.kernel.saIds()).contains(sa(sa).id());
        }
    }

    private void assertRefused(PlannedSa sa, Reason reason) {
        assertThat(node.sa(sa.uid()).state()).isEqualTo(EntryState.Failed);
        assertThat(node.sa(sa.uid()).reason()).isEqualTo(reason);
    }

    /** Of ten thousand SAs on a busy node the last is added half a minute after the first was asked for. */
    @Test
    void whatASlowKernelTookIsOurs() {
        node.kernel.takes(Duration.ofSeconds(7));
        planEverything();
        node.kernel.takes(Duration.ZERO);

        assertInForce(OUT, IN);
        assertThat(node.policy("p", PolicyDirection.In).state()).isEqualTo(EntryState.Installed);
        node.plan("s", List.of(), List.of());
        node.settle();
        assertThat(node.kernel.saIds()).isEmpty();
        assertThat(node.kernel.policyIds()).isEmpty();
    }

    @Test
    void aKernelIsAskedForAThousandSasAtATime() {
        List<PlannedSa> sas = new ArrayList<>();
        for (int i = 0; i < 2500; i++) {
            node.secret(keyOf("in" + i), key(100 + i));
            sas.add(inbound("in" + i, 0x3000 + i));
        }
        node.plan("s", sas, List.of());
        node.settle();

        assertInForce(sas.toArray(PlannedSa[]::new));
        assertThat(node.kernel.batches()).extracting(List::size).containsExactly(1024, 1024, 452);
    }

    /** A table that grows under traffic costs packets, and a rekey has each SA twice. */
    @Test
    void beforeTheFirstSaThereIsRoomForTwiceAsMany() {
        planEverything();
        assertThat(node.kernel.roomAtFirstSa()).isEqualTo(4);
    }

    @Test
    void whereSasAreTheTableIsLeftAlone() {
        planEverything();
        PlannedSa successor = inbound("successor", 0x3000);
        node.secret(keyOf("successor"), key(3));
        node.plan("s", List.of(OUT, IN, successor), List.of(OUT_POLICY, IN_POLICY));
        node.settle();

        assertInForce(successor);
        assertThat(node.kernel.room()).isEqualTo(4);
    }

    @Nested
    class ARepairOfOneAmongMany {

        private static final int MANY = 300;

        private static final PlannedSa UNGUARDED = withoutWindow(inbound("unguarded", 0x4000));

        private int dumps;

        @BeforeEach
        void install() {
            List<PlannedSa> sas = new ArrayList<>(List.of(OUT, IN, UNGUARDED));
            node.secret(keyOf("unguarded"), key(99));
            for (int i = 0; i < MANY; i++) {
                node.secret(keyOf("in" + i), key(100 + i));
                sas.add(inbound("in" + i, 0x3000 + i));
            }
            node.plan("s", sas, List.of(OUT_POLICY, IN_POLICY));
            node.settle();
            assertInForce(sas.toArray(PlannedSa[]::new));
            node.kernel.changes();
            node.kernel.asked();
            dumps = node.kernel.dumps();
        }

        @Test
        void asksForTheSaAloneAndDumpsNothing() {
            node.kernel.deleteSa(IN_ID);
            node.settleNow();

            assertInForce(OUT, IN);
            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly("add sa in");
            assertThat(node.kernel.asked()).containsExactly(IN_ID);
            assertThat(node.kernel.dumps()).isEqualTo(dumps);
        }

        @Test
        void readsTheKeyOfAnSaThatWasDeletedBeforeItAsksTheKernel() {
            node.kernel.deleteSa(IN_ID);
            node.round();

            assertInForce(IN);
        }

        @Test
        void readsTheKeysOfSasThatWereFlushedBeforeItAsksTheKernel() {
            node.kernel.flushSas();
            node.round();

            assertInForce(UNGUARDED);
        }

        @Test
        void asksForThePolicyAloneAndDumpsNothing() {
            node.kernel.deletePolicy(policy(IN_POLICY).id());
            node.settleNow();

            assertThat(node.policy("p", PolicyDirection.In).state()).isEqualTo(EntryState.Installed);
            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly("add policy IN");
            assertThat(node.kernel.asked()).containsExactly(policy(IN_POLICY).id());
            assertThat(node.kernel.dumps()).isEqualTo(dumps);
        }

        @Test
        void stillLetsThePolicyWaitForItsSas() {
            node.apiServerDown(true);
            node.kernel.deleteSa(IN_ID);
            node.settleNow();
            node.kernel.deletePolicy(policy(OUT_POLICY).id());
            node.settleNow();
            assertThat(node.kernel.policyIds()).contains(policy(IN_POLICY).id());

            node.apiServerDown(false);
            node.settle();

            assertInForce(OUT, IN);
            assertThat(node.policy("p", PolicyDirection.Out).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void looksAtEverythingWhenManyAreGone() {
            for (int i = 0; i < MANY; i++) {
                node.kernel.deleteSa(sa(inbound("in" + i, 0x3000 + i)).id());
            }
            node.settleNow();

            assertThat(node.kernel.dumps()).isGreaterThan(dumps);
            assertThat(node.kernel.saIds()).hasSize(MANY + 3);
        }

        @Test
        void looksAtEverythingWhenNotificationsWereLost() {
            node.kernel.deleteSa(sa(UNGUARDED).id());
            node.kernel.overflow();
            node.settleNow();

            assertInForce(UNGUARDED);
            assertThat(node.kernel.dumps()).isGreaterThan(dumps);
        }

        @Test
        void writesNoUseOfAKeyThatIsWrittenAlready() {
            KeyLedger before = node.state().ledger();
            node.kernel.deleteSa(sa(UNGUARDED).id());
            node.settleNow();

            assertInForce(UNGUARDED);
            assertThat(node.state().ledger()).isSameAs(before);
        }
    }

    @Nested
    class WhatIsPlanned {

        @Test
        void isInstalledInboundFirstThenOutboundThenPolicies() {
            planEverything();

            assertInForce(OUT, IN);
            assertThat(node.policy("p", PolicyDirection.Out).state()).isEqualTo(EntryState.Installed);
            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly("add sa in", "add sa out", "add policy IN", "add policy OUT");
        }

        @Test
        void isRemovedInTheReverseOrderByAnEmptyPlan() {
            planEverything();
            node.kernel.changes();

            node.plan("s", List.of(), List.of());
            node.settle();

            assertThat(node.kernel.ours()).isEmpty();
            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly(
                            "delete policy OUT", "delete policy IN", "delete sa " + OUT_ID, "delete sa " + IN_ID);
        }

        @Test
        void isHeldWhenThePlanIsMissing() {
            planEverything();

            node.withdraw("s");
            node.settle();
            node.restart();
            node.settle();

            assertThat(node.kernel.ours()).hasSize(4);
        }

        @Test
        void isHeldWhenItsSliceIsMissingWhileOthersGoOn() {
            node.plan("s1", List.of(OUT), List.of());
            node.plan("s2", List.of(IN), List.of());
            node.settle();

            node.withdraw("s1");
            node.plan("s2", List.of(), List.of());
            node.settle();

            assertThat(node.kernel.saIds()).containsExactly(OUT_ID);
        }

        @Test
        void isLeftAloneWhenItIsThere() {
            planEverything();
            node.kernel.changes();
            int dumps = node.kernel.dumps();

            node.resync();

            assertThat(node.kernel.changes()).isEmpty();
            assertThat(node.kernel.dumps()).isEqualTo(dumps + 1);
        }

        @Test
        void survivesARestartUntouched() {
            planEverything();
            node.kernel.changes();

            node.restart();
            node.settle();

            assertInForce(OUT, IN);
            assertThat(node.kernel.changes()).isEmpty();
        }

        @Test
        void isReportedAsItStands() {
            planEverything();

            assertThat(node.status("s").installed()).isEqualTo("4/4");
            assertThat(node.status("s").boot()).isEqualTo("boot-1");
            assertThat(node.status("s").securityAssociations())
                    .extracting(SaReport::keyUsed)
                    .containsExactly(true, true);
        }
    }

    @Nested
    class APolicy {

        @Test
        void thatDiffersIsReplacedInPlace() {
            planEverything();
            node.kernel.changes();

            node.plan("s", List.of(OUT, IN), List.of(protect("p", PolicyDirection.Out, 7), IN_POLICY));
            node.settle();

            assertThat(node.kernel.changes()).singleElement().isInstanceOf(Change.ReplacePolicy.class);
            assertThat(node.kernel.policy(policy(OUT_POLICY).id()).priority()).isEqualTo(7);
            assertThat(node.policy("p", PolicyDirection.Out).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void ofANewObjectTakesThePlaceOfTheOldOneWithoutAGap() {
            planEverything();
            node.kernel.changes();

            node.plan("s", List.of(OUT, IN), List.of(protect("new", PolicyDirection.Out, 7), IN_POLICY));
            node.settle();

            assertThat(node.kernel.changes()).singleElement().isInstanceOf(Change.ReplacePolicy.class);
            assertThat(node.policy("new", PolicyDirection.Out).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void thatSomebodyDeletedComesBack() {
            planEverything();

            node.kernel.deletePolicy(policy(OUT_POLICY).id());
            node.round();

            assertThat(node.kernel.policyIds()).contains(policy(OUT_POLICY).id());
        }

        @Test
        void thatSomebodyChangedIsPutRight() {
            planEverything();

            node.clock.add(Duration.ofMinutes(1));
            node.kernel.replaceForeign(policy(protect("x", PolicyDirection.Out, 77)));
            node.round();

            assertThat(node.kernel.policy(policy(OUT_POLICY).id()).priority()).isEqualTo(1000);
        }

        @Test
        void waitsForItsSas() {
            node.noSecret(keyOf("out"));
            node.plan("s", List.of(OUT, IN), List.of(OUT_POLICY));
            node.round();
            assertThat(node.policy("p", PolicyDirection.Out).state()).isEqualTo(EntryState.Pending);

            node.settle();

            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly("add sa in");
            assertThat(node.policy("p", PolicyDirection.Out).message()).contains("name-out", "KeyMissing");

            node.secret(keyOf("out"), key(1));
            node.clock.add(Duration.ofMinutes(2));
            node.settle();

            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly("add sa out", "add policy OUT");
        }

        @Test
        void thatIsChangedStaysAsItWasUntilItsNewSasAreInForce() {
            planEverything();
            node.kernel.changes();
            PlannedSa successor = withReqid(7, outbound("new", 0x3000));

            node.plan("s", List.of(OUT, IN, successor), List.of(protect("p", PolicyDirection.Out, 1000, 7), IN_POLICY));
            node.round();
            assertThat(node.policy("p", PolicyDirection.Out).message()).contains("stays in force", "name-new");
            assertThat(node.kernel.policy(policy(OUT_POLICY).id()).templates())
                    .isEqualTo(policy(OUT_POLICY).templates());
            node.secret(keyOf("new"), key(3));
            node.clock.add(Duration.ofMinutes(2));
            node.settle();

            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly("add sa out", "replace policy OUT");
            assertThat(node.policy("p", PolicyDirection.Out).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void thatWasInForceBeforeABootIsInForceAgainThoughItsSaMustNotSend() {
            planEverything();
            node.reboot();
            node.settle();

            assertRefused(OUT, Reason.NonceAtRisk);
            assertThat(node.kernel.policyIds()).contains(policy(OUT_POLICY).id());
        }

        private static final ApiServerWay UNDER_THEM =
                new ApiServerWay(Set.of(new Endpoint(ip("10.2.0.9"), 6443)), Set.of(ip("10.1.0.1")), 32768, 60999);

        private void assertTheWayIsOpen() {
            XfrmSelector sent = XfrmSelector.between(prefix("10.1.0.1/32"), prefix("10.2.0.9/32"))
                    .with(new IpProtocol(6), PortMatch.ANY, PortMatch.exactly(6443));
            XfrmSelector received = XfrmSelector.between(prefix("10.2.0.9/32"), prefix("10.1.0.1/32"))
                    .with(new IpProtocol(6), PortMatch.exactly(6443), PortMatch.ANY);
            assertThat(node.kernel.policyIds())
                    .containsExactlyInAnyOrder(
                            policy(OUT_POLICY).id(),
                            policy(IN_POLICY).id(),
                            PolicyId.of(PolicyDir.OUT, sent),
                            PolicyId.of(PolicyDir.IN, received));
            assertThat(node.kernel.policy(PolicyId.of(PolicyDir.OUT, sent)).templates())
                    .isEmpty();
            assertThat(node.policy("p", PolicyDirection.Out).state()).isEqualTo(EntryState.Installed);
            assertThat(node.policy("p", PolicyDirection.In).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void overTheWayToTheApiServerIsInstalledBehindABypass() {
            node.apiServer(UNDER_THEM);
            planEverything();

            assertTheWayIsOpen();
            assertThat(node.kernel.changes())
                    .extracting(KernelReconcilerTest::described)
                    .containsExactly(
                            "add policy IN",
                            "add policy OUT",
                            "add sa in",
                            "add sa out",
                            "add policy IN",
                            "add policy OUT");
            assertInForce(OUT, IN);
        }

        @Test
        void staysWhenTheApiServerMovesUnderItAndTheBypassGoesWhenItMovesOn() {
            planEverything();

            node.apiServer(UNDER_THEM);
            node.settle();
            assertTheWayIsOpen();

            node.apiServer(new ApiServerWay(Set.of(), Set.of(ip("10.1.0.1")), 32768, 60999));
            node.settle();
            assertThat(node.kernel.policyIds())
                    .containsExactlyInAnyOrder(
                            policy(OUT_POLICY).id(), policy(IN_POLICY).id());
        }

        @Test
        void goesBeforeItsBypassWhenItIsWithdrawn() {
            node.apiServer(UNDER_THEM);
            planEverything();
            node.kernel.changes();

            node.plan("s", List.of(), List.of());
            node.settle();

            assertThat(node.kernel.policyIds()).isEmpty();
            assertThat(node.kernel.changes().stream()
                            .filter(Change.DeletePolicy.class::isInstance)
                            .map(change -> ((Change.DeletePolicy) change).id()))
                    .startsWith(policy(OUT_POLICY).id(), policy(IN_POLICY).id());
        }

        @Test
        void hasItsBypassBackWhenSomebodyDeletesIt() {
            node.apiServer(UNDER_THEM);
            planEverything();
            PolicyId bypass = node.last().plan().bypasses().iterator().next();
            int dumps = node.kernel.dumps();

            node.kernel.deletePolicy(bypass);
            node.settleNow();

            assertTheWayIsOpen();
            assertThat(node.kernel.dumps()).as("nothing else was looked at").isEqualTo(dumps);
        }

        @Test
        void withTheSelectorOfAnotherIsRefusedAndTheOtherStays() {
            node.plan("s", List.of(OUT, IN), List.of(OUT_POLICY, protect("second", PolicyDirection.Out, 5)));
            node.settle();

            assertThat(node.policy("p", PolicyDirection.Out).state()).isEqualTo(EntryState.Installed);
            assertThat(node.policy("second", PolicyDirection.Out).reason()).isEqualTo(Reason.DuplicateSelector);
            assertThat(node.policy("second", PolicyDirection.Out).message()).contains("name-p");
        }
    }

    @Nested
    class WhatIsNotOurs {

        @Test
        void isNamedAndLeftAlone() {
            node.kernel.addForeign(sa(OUT));
            node.kernel.addForeign(policy(OUT_POLICY));

            planEverything();

            assertRefused(OUT, Reason.ForeignEntry);
            assertThat(node.sa("out").message()).contains("0x00001000", "10.0.0.2", "10.0.0.1");
            assertThat(node.policy("p", PolicyDirection.Out).reason()).isEqualTo(Reason.ForeignEntry);
            assertInForce(IN);
            assertThat(node.kernel.trespasses()).isEmpty();
        }

        @Test
        void isNotOursBecauseItStandsWhereOursStood() {
            planEverything();

            node.kernel.deleteSa(IN_ID);
            node.kernel.addForeign(sa(IN));
            node.kernel.deletePolicy(policy(OUT_POLICY).id());
            node.kernel.addForeign(policy(OUT_POLICY));
            node.settle();
            node.plan("s", List.of(), List.of());
            node.settle();

            assertThat(node.kernel.saIds()).containsExactly(IN_ID);
            assertThat(node.kernel.policyIds())
                    .containsExactly(policy(OUT_POLICY).id());
            assertThat(node.kernel.trespasses()).isEmpty();
        }

        /** It is what the kernel finds by the mark of ours, too. */
        @Test
        void withoutAMarkStaysWhenOursWithAMarkGoes() {
            PlannedSa ours = marked(inbound("marked", 0x5000));
            node.secret(keyOf("marked"), key(3));
            node.plan("s", List.of(ours), List.of());
            node.settle();
            node.kernel.addForeign(sa(withReqid(77, inbound("theirs", 0x5000))));

            node.plan("s", List.of(), List.of());
            node.settle();

            assertThat(node.kernel.saIds())
                    .containsExactlyInAnyOrder(sa(ours).id(), sa(ours).id().withoutMark());
            assertThat(node.kernel.trespasses()).isEmpty();

            node.kernel.deleteSa(sa(ours).id().withoutMark());
            node.clock.add(Duration.ofSeconds(11));
            node.settle();
            assertThat(node.kernel.saIds()).isEmpty();
        }

        @Test
        void withoutAMarkKeepsItsLifetimeWhenThatOfOursIsToChange() {
            PlannedSa ours = marked(inbound("marked", 0x5000));
            node.secret(keyOf("marked"), key(3));
            node.plan("s", List.of(ours), List.of());
            node.settle();
            node.kernel.addForeign(sa(withReqid(77, inbound("theirs", 0x5000))));

            node.plan("s", List.of(ours.withTerms(ours.terms().withLifetime(HOUR))), List.of());
            node.settle();

            assertRefused(ours, Reason.ForeignEntry);
            assertThat(node.kernel.trespasses()).isEmpty();
        }

        @Test
        void isKnownAfterARestartThoughItLooksLikeOurs() {
            planEverything();
            node.kernel.deleteSa(IN_ID);
            node.clock.add(Duration.ofMinutes(1));
            node.kernel.addForeign(sa(IN));

            node.restart();
            node.settle();

            assertRefused(IN, Reason.ForeignEntry);
        }

        @Test
        void makesRoomWhenItGoes() {
            node.kernel.addForeign(sa(IN));
            planEverything();

            node.kernel.deleteSa(IN_ID);
            node.settle();

            assertInForce(IN);
        }
    }

    @Nested
    class AnSa {

        @Test
        void inboundComesBackWhenSomebodyDeletesIt() {
            planEverything();

            node.kernel.deleteSa(IN_ID);
            node.round();
            node.round();

            assertInForce(IN);
        }

        @Test
        void inboundThatSomebodyDeletesTakesNothingASecondTimeAndAllThatIsNew() {
            planEverything();
            assertThat(node.kernel.receive(IN_ID, 200)).isEqualTo(200);

            node.kernel.deleteSa(IN_ID);
            node.settle();

            assertInForce(IN);
            assertThat(node.kernel.replay(IN_ID)).isZero();
            assertThat(node.kernel.receive(IN_ID, 100)).isEqualTo(100);
            assertThat(node.kernel.replays()).isEmpty();
        }

        /** Without the upper half, which no packet has, each would be taken for one of 2^32 packets before. */
        @Test
        void inboundGoesOnBeyondTheSequenceNumbersOf32Bits() {
            planEverything();
            node.kernel.skip(IN_ID, 5L << Integer.SIZE);
            node.kernel.receive(IN_ID, 9);

            node.kernel.deleteSa(IN_ID);
            node.settle();

            assertThat(node.kernel.sa(IN_ID).replay().lastReceived()).isEqualTo((5L << Integer.SIZE) + 9);
        }

        @Test
        void inboundThatSomebodyChangedIsMadeAgainAndTakesNothingASecondTime() {
            planEverything();
            node.kernel.receive(IN_ID, 200);

            node.kernel.changeForeign(IN_ID);
            node.settle();

            assertInForce(IN);
            assertThat(node.kernel.replay(IN_ID)).isZero();
            assertThat(node.kernel.receive(IN_ID, 1)).isOne();
        }

        @Test
        void inboundDeletedWhileTheAgentWasDownIsAtRisk() {
            planEverything();

            node.kernel.deleteSa(IN_ID);
            node.restart();
            node.settle();

            assertRefused(IN, Reason.ReplayAtRisk);
        }

        @Test
        void inboundThatTheKernelRefusedBeginsAnewWithItsKey() {
            node.kernel.refuse(change -> Optional.of(KernelError.of(Errno.EINVAL)));
            planEverything();
            assertRefused(IN, Reason.KernelRefused);
            node.restart();
            node.kernel.refuse(change -> Optional.empty());
            node.settle();

            assertInForce(IN);
            assertThat(node.kernel.sa(IN_ID).replay().lastReceived()).isZero();
        }

        @Test
        void inboundWithoutAReplayWindowComesBackWhateverHappened() {
            PlannedSa unprotected = withoutWindow(IN);
            planEverything();
            node.plan("s", List.of(unprotected), List.of());
            node.settle();
            node.kernel.flushSas();
            node.settle();
            assertInForce(unprotected);
            node.reboot();
            node.settle();

            assertInForce(unprotected);
        }

        @Test
        void outboundGoesOnBehindItsLastSequenceNumberWhenSomebodyDeletesIt() {
            planEverything();
            node.kernel.send(OUT_ID, 1234);

            node.kernel.deleteSa(OUT_ID);
            node.settle();

            assertInForce(OUT);
            assertThat(node.kernel.sa(OUT_ID).replay().lastSent()).isEqualTo(1234 + KeyLedger.MARGIN);
        }

        @Test
        void isAtRiskAfterAFlush() {
            planEverything();

            node.kernel.flushSas();
            node.settle();

            assertRefused(OUT, Reason.NonceAtRisk);
            assertThat(node.sa("out").message()).contains("new SecurityAssociation", "SPI", "new key", "keys/out");
            assertRefused(IN, Reason.ReplayAtRisk);
            assertThat(node.sa("in").message())
                    .contains("a packet a second time", "new SecurityAssociation", "SPI", "new key", "keys/in");
        }

        @Test
        void isAtRiskAfterABoot() {
            planEverything();

            node.reboot();
            node.settle();

            assertRefused(OUT, Reason.NonceAtRisk);
            assertRefused(IN, Reason.ReplayAtRisk);
        }

        @Test
        void atRiskIsInForceAgainWithAFreshKey() {
            planEverything();
            node.reboot();
            node.settle();

            node.secret(keyOf("out"), key(99));
            node.secret(keyOf("in"), key(98));
            node.settle();

            assertInForce(OUT, IN);
            assertThat(node.kernel.noncesAtRisk()).isEmpty();
        }

        @Test
        void declaredAnewWithTheSameKeyIsAtRisk() {
            planEverything();
            node.plan("s", List.of(), List.of());
            node.settle();

            node.plan("s", List.of(declaredAnew(OUT)), List.of());
            node.settle();

            assertRefused(declaredAnew(OUT), Reason.NonceAtRisk);
            assertThat(node.sa(declaredAnew(OUT).uid()).message()).contains("keys/out", "former SecurityAssociation");
        }

        /** A plan tells of both changes at once: the receiver's does. */
        @Test
        void declaredAnewWithinAMomentGoesBeforeItsSuccessorComesAndLeavesItNoKey() {
            planEverything();
            node.kernel.receive(IN_ID, 100);

            node.plan("s", List.of(declaredAnew(OUT), declaredAnew(IN)), List.of());
            node.settle();

            assertRefused(declaredAnew(OUT), Reason.NonceAtRisk);
            assertRefused(declaredAnew(IN), Reason.ReplayAtRisk);
            assertThat(node.kernel.saIds()).isEmpty();
        }

        @Test
        void declaredAnewWithinAMomentWithAnotherKeyIsInForceInThePlaceOfItsFormer() {
            planEverything();
            node.secret(keyOf("out"), key(99));
            node.secret(keyOf("in"), key(98));

            node.plan("s", List.of(declaredAnew(OUT), declaredAnew(IN)), List.of());
            node.settle();

            assertInForce(declaredAnew(OUT), declaredAnew(IN));
            assertThat(node.kernel.saIds()).containsExactlyInAnyOrder(OUT_ID, IN_ID);
            assertThat(node.kernel.noncesAtRisk()).isEmpty();
        }

        /** The machine was replaced under its name: disk, Node and NodePlan are others. */
        @Test
        void thatTheOperatorRemembersAsUsedOnTheNodeIsAtRiskAndStaysSo() {
            node.plan("s", List.of(remembered(IN), remembered(OUT)), List.of());
            node.settle();

            assertRefused(OUT, Reason.NonceAtRisk);
            assertRefused(IN, Reason.ReplayAtRisk);

            node.plan("s", List.of(IN, OUT), List.of());
            node.settle();
            assertRefused(OUT, Reason.NonceAtRisk);
            assertRefused(IN, Reason.ReplayAtRisk);
        }

        private PlannedSa remembered(PlannedSa sa) {
            return Serialization.unmarshal(
                    Serialization.asJson(sa).replaceFirst("}$", ",\"keyUsed\":true}"), PlannedSa.class);
        }

        @Test
        void deletedWhileTheAgentWasDownIsAtRisk() {
            planEverything();

            node.kernel.deleteSa(OUT_ID);
            node.restart();
            node.settle();

            assertRefused(OUT, Reason.NonceAtRisk);
        }

        @Test
        void neverSaysAtRiskWhileTheKernelMayStillTell() {
            planEverything();
            node.kernel.deleteSa(OUT_ID);
            var late = node.kernel.notifications();

            node.resync();
            assertThat(node.sa("out").state()).isEqualTo(EntryState.Pending);

            late.forEach(notification -> node.hear(List.of(notification)));
            node.settle();
            assertInForce(OUT);
        }

        @Test
        void withTheKeyOfAnotherIsRefusedAndNamesTheOther() {
            PlannedSa second = withKey(keyOf("copy"), outbound("second", 0x1001));
            node.secret(keyOf("copy"), key(1));

            node.plan("s", List.of(OUT, second), List.of());
            node.settle();

            assertInForce(OUT);
            assertRefused(second, Reason.KeyReused);
            assertThat(node.sa("second").message()).contains("name-out", "keys/copy");
        }

        @Test
        void madeAnewWithTheOldKeyIsRefused() {
            planEverything();

            PlannedSa anew = withKey(keyOf("out"), outbound("anew", 0x1000));
            node.plan("s", List.of(anew, IN), List.of());
            node.settle();

            assertRefused(anew, Reason.KeyReused);
            assertThat(node.kernel.saIds()).containsExactly(IN_ID);
        }

        @Test
        void madeAnewWithANewKeyTakesThePlace() {
            planEverything();
            node.secret(keyOf("anew"), key(3));

            PlannedSa anew = outbound("anew", 0x1000);
            node.plan("s", List.of(anew, IN), List.of());
            node.settle();

            assertInForce(anew);
        }

        @Test
        void thatTheKernelRefusedMayUseItsKeyLater() {
            node.kernel.refuse(change ->
                    change instanceof Change.AddSa ? Optional.of(KernelError.of(Errno.ENOMEM)) : Optional.empty());
            planEverything();
            assertRefused(OUT, Reason.KernelRefused);
            assertThat(node.status("s").securityAssociations())
                    .extracting(SaReport::keyUsed)
                    .contains((Boolean) null);

            node.kernel.refuse(change -> Optional.empty());
            node.settle();
            node.settle();

            assertInForce(OUT, IN);
            assertThat(node.kernel.sa(OUT_ID).replay().lastSent()).isZero();
        }

        @Test
        void withAnotherKeyInItsSecretStaysAsItIsAndSaysSo() {
            planEverything();
            node.kernel.changes();

            node.secret(keyOf("out"), key(77));
            node.clock.add(Duration.ofMinutes(11));
            node.settle();

            assertThat(node.sa("out").state()).isEqualTo(EntryState.Installed);
            assertThat(node.sa("out").reason()).isEqualTo(Reason.KeyChanged);
            assertThat(node.kernel.changes()).isEmpty();
        }

        @Test
        void whoseKeyIsMissingGetsItWhenItComes() {
            node.noSecret(keyOf("out"));
            planEverything();
            assertRefused(OUT, Reason.KeyMissing);
            assertInForce(IN);

            node.secret(keyOf("out"), key(1));
            node.settle();

            assertInForce(OUT);
        }

        @Test
        void isNotKeptBackByAnotherThatFails() {
            node.kernel.refuse(
                    change -> change instanceof Change.AddSa add && add.sa().direction() == SaDir.OUT
                            ? Optional.of(KernelError.of(Errno.EINVAL))
                            : Optional.empty());

            planEverything();

            assertRefused(OUT, Reason.KernelRefused);
            assertInForce(IN);
            assertThat(node.policy("p", PolicyDirection.In).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void isUnsupportedInPlainWordsWhereTheKernelHasNoEsp() {
            node.kernel.can(new XfrmCapabilities(
                    true,
                    true,
                    Set.of(),
                    Set.of(),
                    false,
                    Set.of(),
                    Set.of(),
                    Set.of(),
                    List.of("This kernel takes no IPv4 ESP SA: no such thing.")));

            planEverything();

            assertRefused(OUT, Reason.Unsupported);
            assertThat(node.sa("out").message()).isEqualTo("This kernel takes no IPv4 ESP SA: no such thing.");
            assertThat(node.policy("p", PolicyDirection.Out).message()).contains("name-out", "Unsupported");
            assertThat(node.kernel.policyIds()).isEmpty();
        }

        @Test
        void withAnOwnerIsInstalledWithoutOneAndSaysSoWhereTheKernelHasNoOwners() {
            node.kernel.can(Kernels.OLD);

            node.plan("s", List.of(ownedBy(1, OUT), ownedBy(1, IN)), List.of());
            node.settle();

            assertThat(node.sa("out").state()).isEqualTo(EntryState.Installed);
            assertThat(node.sa("out").message()).contains("serves all CPUs");
            assertThat(node.sa("in").message()).contains("only steering brings");
        }

        @Test
        void forACpuThatTheNodeDoesNotHaveSaysSo() {
            node.kernel.refuse(change ->
                    change instanceof Change.AddSa ? Optional.of(KernelError.of(Errno.EINVAL)) : Optional.empty());

            node.plan("s", List.of(ownedBy(64, OUT)), List.of());
            node.settle();

            assertRefused(OUT, Reason.CpuNotOnNode);
            assertThat(node.sa("out").message()).contains("64", "0-3");
        }

        @Test
        void thatExpiredIsNeverInstalledAgain() {
            planEverything();

            node.kernel.expire(OUT_ID, true);
            node.kernel.expire(IN_ID, true);
            node.settle();

            assertRefused(OUT, Reason.Expired);
            assertRefused(IN, Reason.Expired);
            assertThat(node.kernel.saIds()).isEmpty();

            node.restart();
            node.settle();
            assertRefused(IN, Reason.Expired);
            assertThat(node.kernel.saIds()).isEmpty();
        }

        @Test
        void ofAnotherLifetimeIsChangedInPlace() {
            planEverything();
            node.kernel.send(OUT_ID, 10);

            node.kernel.changeLifetimeForeign(OUT_ID);
            node.kernel.changeLifetimeForeign(IN_ID);
            node.settle();

            assertInForce(OUT);
            assertInForce(IN);
            assertThat(node.kernel.sa(OUT_ID).options().lifetime()).isEqualTo(Lifetime.INFINITE);
            assertThat(node.kernel.sa(OUT_ID).replay().lastSent()).isEqualTo(10);
        }

        @Test
        void thatSomebodyChangedIsMadeAgain() {
            planEverything();
            node.kernel.send(OUT_ID, 10);

            node.kernel.changeForeign(OUT_ID);
            node.kernel.changeForeign(IN_ID);
            node.settle();

            assertInForce(OUT, IN);
            assertThat(node.kernel.sa(OUT_ID).replay().lastSent()).isEqualTo(10 + KeyLedger.MARGIN);
            assertThat(node.kernel.noncesAtRisk()).isEmpty();
        }

        @Test
        void withTheIdentityOfAnotherIsRefusedAndTheOtherStays() {
            PlannedSa twin = outbound("twin", 0x1000);
            node.secret(keyOf("twin"), key(3));

            node.plan("s", List.of(OUT, twin), List.of());
            node.settle();

            assertInForce(OUT);
            assertRefused(twin, Reason.DuplicateSpi);
        }

        @Test
        void thatNoKernelTakesIsInvalidAndTheOthersGoOn() {
            PlannedSa odd = outbound("odd", 17);

            node.plan("s", List.of(odd, IN), List.of());
            node.settle();

            assertRefused(odd, Reason.Invalid);
            assertInForce(IN);
        }

        @Test
        void isAtRiskWhenTheSocketOverflowed() {
            planEverything();

            node.kernel.deleteSa(IN_ID);
            node.kernel.deleteSa(OUT_ID);
            node.kernel.overflow();
            node.settle();

            assertRefused(IN, Reason.ReplayAtRisk);
            assertRefused(OUT, Reason.NonceAtRisk);
        }
    }

    @Nested
    class TheStateFolder {

        @Test
        void knowsWhatTheKernelGotWhenTheAgentDiedRightAfter() {
            node.kernel.crashAfter(4);
            planEverything();
            node.kernel.changes();

            node.plan("s", List.of(), List.of());
            node.settle();

            assertThat(node.kernel.ours()).isEmpty();
        }

        @Test
        void knowsTheKeysOfAnAgentThatDiedBeforeItToldTheKernel() {
            node.kernel.crashAfter(0);
            planEverything();

            assertRefused(OUT, Reason.NonceAtRisk);
            assertRefused(IN, Reason.ReplayAtRisk);
        }

        @Test
        void isMadeUpFromTheStatusWhenItIsLost() {
            planEverything();
            node.kernel.changes();

            node.loseFolder();
            node.settle();
            assertInForce(OUT, IN);
            assertThat(node.kernel.changes()).isEmpty();

            node.plan("s", List.of(), List.of());
            node.settle();
            assertThat(node.kernel.ours()).isEmpty();
        }

        @Test
        void isNotMadeUpFromTheStatusOfAnotherBoot() {
            planEverything();
            node.reboot();
            node.kernel.addForeign(sa(IN));

            node.loseFolder();
            node.settle();

            assertRefused(IN, Reason.ForeignEntry);
        }

        @Test
        void lostWithTheKernelsSasLeavesKeysAtRisk() {
            planEverything();
            node.kernel.flushSas();

            node.loseFolder();
            node.settle();

            assertRefused(OUT, Reason.NonceAtRisk);
            assertRefused(IN, Reason.ReplayAtRisk);
        }

        @Test
        void lostLeavesAKeyThatAnSaMayHaveUsedToNoOther() {
            planEverything();
            node.kernel.flushSas();
            node.loseFolder();
            node.settle();
            assertRefused(OUT, Reason.NonceAtRisk);

            PlannedSa second = withKey(keyOf("out"), outbound("second", 0x1001));
            node.plan("s", List.of(second, OUT), List.of());
            node.settle();

            assertRefused(second, Reason.KeyReused);
            assertRefused(OUT, Reason.NonceAtRisk);
            assertThat(node.kernel.noncesAtRisk()).isEmpty();
        }

        @Test
        void lostPutsAtRiskEveryKeyThatItDoesNotKnowOfAnSaThatIsOlder() {
            planEverything();
            node.loseFolder();
            node.settle();
            node.kernel.deleteSa(OUT_ID);
            node.settle();
            assertInForce(OUT);
            node.secret(keyOf("out"), key(7));
            node.kernel.deleteSa(OUT_ID);
            node.restart();
            node.settle();

            assertRefused(OUT, Reason.NonceAtRisk);
        }

        @Test
        void adoptsAnSaAndThenLearnsHowFarItsKeyWent() {
            planEverything();
            node.loseFolder();
            node.settle();
            node.kernel.send(OUT_ID, 500);

            node.kernel.deleteSa(OUT_ID);
            node.settle();

            assertInForce(OUT);
            assertThat(node.kernel.sa(OUT_ID).replay().lastSent()).isEqualTo(500 + KeyLedger.MARGIN);
        }

        @Test
        void lostLearnsTheKeyOfAnSaFromTheKernelAndNotFromItsSecret() {
            planEverything();
            node.secret(keyOf("out"), key(7));
            node.loseFolder();
            node.settle();
            assertThat(node.sa("out").reason()).isEqualTo(Reason.KeyChanged);

            node.kernel.send(OUT_ID, 500);
            node.kernel.deleteSa(OUT_ID);
            node.secret(keyOf("out"), key(1));
            node.settle();

            assertInForce(OUT);
            assertThat(node.kernel.sa(OUT_ID).replay().lastSent()).isEqualTo(500 + KeyLedger.MARGIN);
            assertThat(node.kernel.noncesAtRisk()).isEmpty();
        }

        @Test
        void lostWhereTheKernelHidesKeysKeepsSasAndMakesNoneAnew() {
            planEverything();
            node.kernel.hidesKeys();
            node.loseFolder();
            node.settle();
            assertInForce(OUT, IN);

            node.kernel.changeForeign(OUT_ID);
            node.kernel.changeForeign(IN_ID);
            node.settle();
            assertRefused(IN, Reason.ReplayAtRisk);
            assertRefused(OUT, Reason.NonceAtRisk);
            assertThat(node.kernel.saIds()).contains(OUT_ID, IN_ID);

            PlannedSa second = withKey(keyOf("out"), outbound("second", 0x1001));
            node.plan("s", List.of(second, OUT, IN), List.of());
            node.settle();
            assertRefused(second, Reason.KeyReused);

            node.kernel.deleteSa(OUT_ID);
            node.settle();
            assertRefused(OUT, Reason.NonceAtRisk);
            assertThat(node.kernel.saIds()).doesNotContain(OUT_ID);
        }

        @Test
        void remembersKeysThatAreNotPlannedAnyMore() {
            planEverything();
            node.plan("s", List.of(), List.of());
            node.settle();

            assertThat(node.state().ledger().uses())
                    .extracting(KeyUse::name)
                    .containsExactlyInAnyOrder("name-out", "name-in");
        }
    }

    @Test
    void withoutTheApiServerPoliciesAreRepairedAndSasWaitForTheirKeys() {
        planEverything();
        node.apiServerDown(true);

        node.kernel.deletePolicy(policy(OUT_POLICY).id());
        node.kernel.deleteSa(IN_ID);
        node.settle();
        assertThat(node.kernel.policyIds()).hasSize(2);
        assertRefused(IN, Reason.KeyUnreadable);

        node.apiServerDown(false);
        node.settle();
        assertInForce(IN);
    }

    @Test
    void anEntryThatAppearsInAnotherSliceStaysWhereItIs() {
        planEverything();
        node.kernel.changes();

        node.plan("s", List.of(IN), List.of(OUT_POLICY, IN_POLICY));
        node.plan("t", List.of(OUT), List.of());
        node.settle();
        assertThat(node.kernel.changes()).isEmpty();

        node.plan("t", List.of(), List.of());
        node.settle();
        assertThat(node.kernel.saIds()).containsExactly(IN_ID);
    }

    private static String described(Change change) {
        return switch (change) {
            case Change.AddSa add -> "add sa " + (add.sa().direction() == SaDir.IN ? "in" : "out");
            case Change.ChangeLifetime(Sa sa) -> "change lifetime of sa " + sa.id();
            case Change.DeleteSa(SaId id) -> "delete sa " + id;
            case Change.AddPolicy(Policy policy) -> "add policy " + policy.id().direction();
            case Change.ReplacePolicy(Policy policy) ->
                "replace policy " + policy.id().direction();
            case Change.DeletePolicy(PolicyId id) -> "delete policy " + id.direction();
        };
    }
}
