package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.Moment.NOON;
import static io.ipsecxdp.agent.plan.Moment.fingerprint;
import static io.ipsecxdp.agent.plan.Moment.inbound;
import static io.ipsecxdp.agent.plan.Moment.observed;
import static io.ipsecxdp.agent.plan.Moment.outbound;
import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.JournalChange.OwnSa;
import io.ipsecxdp.agent.ledger.KeyLedger;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.AbsentSaRules.AbsentSa;
import io.ipsecxdp.agent.plan.Action.AdoptSa;
import io.ipsecxdp.agent.plan.Action.ChangeLifetime;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.agent.plan.Action.RemoveSa;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.Action.WriteKey;
import io.ipsecxdp.agent.plan.PresentSaRules.PresentSa;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Each rule about an SA, by a case that it decides and no rule before it. */
class SaRulesTest {

    private static final DesiredSa OUT = outbound("a", 0x1000);
    private static final DesiredSa IN = inbound("b", 0x2000);

    private static DesiredSa with(SaOptions options) {
        return Moment.sa("a", SaDir.OUT, SaId.esp(ip("10.0.0.2"), 0x1000), options);
    }

    private static SaOptions offloaded(boolean packet) {
        return SaOptions.NONE.withOffload(Optional.of(new XfrmOffload(3, packet)));
    }

    private static ObservedSa changed(DesiredSa sa) {
        Sa as = sa.sa();
        return observed(new Sa(
                as.id(),
                as.source(),
                as.direction(),
                Mode.TRANSPORT,
                as.algorithms(),
                as.reqid(),
                as.replayWindow(),
                as.esn(),
                as.ownerCpu(),
                as.options()));
    }

    @Nested
    class OfAnAbsentSa {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(AbsentSaRules.CHAIN.names())
                    .containsExactly(
                            "DuplicateSpi",
                            "LostOfTunnel",
                            "Expired",
                            "Unsupported",
                            "ForeignInTheWay",
                            "WaitsForPredecessor",
                            "RefusedByKernel",
                            "KeyNotRead",
                            "KeyUnavailable",
                            "CountedByDevice",
                            "WaitsForLastSequenceNumber",
                            "NonceAtRisk",
                            "ReplayAtRisk",
                            "SequenceNumbersSpent",
                            "DeclaredAnewWithItsKey",
                            "KeyReused",
                            "KeyNotAtHand",
                            "Install");
        }

        private void decides(String rule, Moment moment, DesiredSa sa) {
            assertThat(Moment.deciding(AbsentSaRules.CHAIN, new AbsentSa(new SaFacts(moment.now()), sa)))
                    .isEqualTo(rule);
        }

        private void fails(String rule, Reason reason, Moment moment, DesiredSa sa) {
            decides(rule, moment, sa);
            assertThat(moment.status(sa).state()).isEqualTo(EntryState.Failed);
            assertThat(moment.status(sa).reason()).isEqualTo(reason);
        }

        private void waits(String rule, Moment moment, DesiredSa sa, Action... actions) {
            decides(rule, moment, sa);
            assertThat(moment.status(sa).state()).isEqualTo(EntryState.Pending);
            assertThat(moment.plan().actions()).containsExactly(actions);
        }

        @Test
        void ofTwoWithOneSpiTheSecondIsRefused() {
            DesiredSa second = outbound("c", 0x1000);
            fails("DuplicateSpi", Reason.DuplicateSpi, new Moment().want(OUT, second), second);
        }

        @Test
        void anSaOfATunnelIsNeverInstalledTwiceHoweverFarItIsKnownToHaveCome() {
            DesiredSa derived = new DesiredSa(
                    OUT.name(),
                    OUT.origin(),
                    OUT.slice(),
                    OUT.sa(),
                    new KeySource.Derived(OUT.origin(), EncryptionAlgorithm.ENCR_AES_GCM_16, 256));
            Moment moment = new Moment()
                    .want(derived)
                    .used(derived, "k", new KeyUse.Ended(7))
                    .secret(derived, "k");
            waits("LostOfTunnel", moment, derived);
        }

        @Test
        void whatCameToItsHardLimitIsNeverInstalledAgain() {
            Moment moment =
                    new Moment().want(OUT).used(OUT, "k", new KeyUse.Expired()).secret(OUT, "k2");
            fails("Expired", Reason.Expired, moment, OUT);
        }

        @Test
        void whatTheKernelCannotDoIsNotTried() {
            XfrmCapabilities none =
                    new XfrmCapabilities(true, true, Set.of(), Set.of(), true, Set.of(), Set.of(), Set.of(), List.of());
            fails("Unsupported", Reason.Unsupported, new Moment().want(OUT).kernel(none), OUT);
        }

        @Test
        void anSaOfOthersWhoseMarkTakesOursInIsInTheWay() {
            DesiredSa marked = Moment.sa(
                    "a",
                    SaDir.OUT,
                    new SaId(ip("10.0.0.2"), IpProtocol.ESP, 0x1000, new XfrmMark(7, 0xff)),
                    SaOptions.NONE);
            Moment moment = new Moment().want(marked).inKernel(observed(OUT.sa()));
            fails("ForeignInTheWay", Reason.ForeignEntry, moment, marked);
        }

        @Test
        void anSaOfOthersWithAnotherMarkIsNot() {
            DesiredSa marked = Moment.sa(
                    "a",
                    SaDir.OUT,
                    new SaId(ip("10.0.0.2"), IpProtocol.ESP, 0x1000, new XfrmMark(7, 0xff)),
                    SaOptions.NONE);
            DesiredSa other = Moment.sa(
                    "x",
                    SaDir.OUT,
                    new SaId(ip("10.0.0.2"), IpProtocol.ESP, 0x1000, new XfrmMark(8, 0xff)),
                    SaOptions.NONE);
            waits("KeyNotRead", new Moment().want(marked).inKernel(observed(other.sa())), marked, new ReadKey(marked));
        }

        @Test
        void whatMovedWaitsUntilItsFormerSaIsRemoved() {
            DesiredSa moved = outbound("a", 0x1001);
            Moment moment = new Moment().want(moved).inForce(OUT).secret(moved, "a");
            waits(
                    "WaitsForPredecessor",
                    moment,
                    moved,
                    new RemoveSa(moment.now().journal().sas().get(OUT.sa().id())));
        }

        @Test
        void whatTheKernelRefusedIsNotAskedAgainAtOnce() {
            fails(
                    "RefusedByKernel",
                    Reason.KernelRefused,
                    new Moment().want(OUT).refused(OUT),
                    OUT);
        }

        @Test
        void itsKeyIsReadFirst() {
            waits("KeyNotRead", new Moment().want(OUT), OUT, new ReadKey(OUT));
            waits("KeyNotRead", new Moment().want(OUT).keyOf(OUT, new KeyView.Reading()), OUT);
        }

        @Test
        void withoutAKeyItFails() {
            Moment moment = new Moment().want(OUT).keyOf(OUT, new KeyView.Unavailable(Reason.KeyMissing, "none"));
            fails("KeyUnavailable", Reason.KeyMissing, moment, OUT);
        }

        @Test
        void whatTheKernelToldOfAnSaThatADeviceCountsIsNotBelieved() {
            DesiredSa counted = with(offloaded(true));
            Moment moment = new Moment()
                    .want(counted)
                    .used(OUT, "k", new KeyUse.Ended(0))
                    .secret(counted, "k");
            fails("CountedByDevice", Reason.NonceAtRisk, moment, counted);
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void withAFreshKeyADeviceBeginsAtOne() {
            DesiredSa counted = with(offloaded(true));
            Moment moment = new Moment().want(counted).secret(counted, "k");
            waits("Install", moment, counted, new InstallSa(counted, fingerprint("k"), 0));
        }

        @Test
        void ofADeletedOneTheKernelMayStillTellHowFarItCame() {
            Moment moment = new Moment().want(OUT).own(OUT, "k").secret(OUT, "k");
            waits("WaitsForLastSequenceNumber", moment, OUT);
        }

        @Test
        void aKeyThatWasUsedNobodyKnowsHowFarIsNotUsedAgain() {
            Moment moment = new Moment().want(OUT).own(OUT, "k").silent(OUT).secret(OUT, "k");
            fails("NonceAtRisk", Reason.NonceAtRisk, moment, OUT);
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void whatMayBeReplayedToItIsNotInstalledAgain() {
            Moment moment = new Moment().want(IN).own(IN, "k").silent(IN).secret(IN, "k");
            fails("ReplayAtRisk", Reason.ReplayAtRisk, moment, IN);
            assertThat(moment.status(IN).message()).contains("take a packet a second time", "new key in its Secret");
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void anInboundOneGoesOnAfterTheLastPacketThatItReceived() {
            Moment moment =
                    new Moment().want(IN).used(IN, "k", new KeyUse.Ended(77)).secret(IN, "k");
            waits("Install", moment, IN, new InstallSa(IN, fingerprint("k"), 77));
        }

        @Test
        void oneThatPromisesNothingBeginsAnew() {
            DesiredSa unprotected = Moment.desired("b", IN.sa().withEsn(false).withReplayWindow(0));
            Moment moment = new Moment()
                    .want(unprotected)
                    .used(unprotected, "k", new KeyUse.Open())
                    .reported(unprotected)
                    .secret(unprotected, "k");
            waits("Install", moment, unprotected, new InstallSa(unprotected, fingerprint("k"), 0));
        }

        @Test
        void ofAnInboundOneTheKernelMayStillTellHowFarItCame() {
            waits(
                    "WaitsForLastSequenceNumber",
                    new Moment().want(IN).own(IN, "k").secret(IN, "k"),
                    IN);
        }

        @Test
        void anInboundOneThatWasInstalledBeforeTheLedgerWasBegunIsAtRisk() {
            Moment moment = new Moment().want(IN).reported(IN).secret(IN, "k");
            fails("ReplayAtRisk", Reason.ReplayAtRisk, moment, IN);
        }

        @Test
        void anInboundOneThatReceivedTheLastSequenceNumberIsNotInstalledAgain() {
            Moment moment =
                    new Moment().want(IN).used(IN, "k", new KeyUse.Ended(-1)).secret(IN, "k");
            fails("SequenceNumbersSpent", Reason.ReplayAtRisk, moment, IN);
        }

        @Test
        void anInboundOneDeclaredAnewWithItsKeyCouldTakePacketsOfItsFormer() {
            DesiredSa before = new DesiredSa(IN.name(), Origin.of("before"), IN.slice(), IN.sa(), IN.key());
            Moment moment =
                    new Moment().want(IN).used(before, "k", new KeyUse.Ended(9)).secret(IN, "k");
            fails("DeclaredAnewWithItsKey", Reason.ReplayAtRisk, moment, IN);
        }

        @Test
        void aKeyThatItMayHaveUsedBeforeTheLedgerWasBegunIsTakenFromAllOthers() {
            Moment moment = new Moment().want(OUT).reported(OUT).secret(OUT, "k");
            fails("NonceAtRisk", Reason.NonceAtRisk, moment, OUT);
            assertThat(moment.plan().actions())
                    .containsExactly(new WriteKey(OUT.use(fingerprint("k")).ofAdopted()));
        }

        @Test
        void withTooFewSequenceNumbersLeftItDoesNotGoOn() {
            Moment moment =
                    new Moment().want(OUT).used(OUT, "k", new KeyUse.Ended(-2)).secret(OUT, "k");
            fails("SequenceNumbersSpent", Reason.NonceAtRisk, moment, OUT);
        }

        @Test
        void declaredAnewWithItsKeyItWouldUseNoncesTwice() {
            DesiredSa before = new DesiredSa(OUT.name(), Origin.of("before"), OUT.slice(), OUT.sa(), OUT.key());
            Moment moment = new Moment()
                    .want(OUT)
                    .used(before, "k", new KeyUse.Ended(9))
                    .secret(OUT, "k");
            fails("DeclaredAnewWithItsKey", Reason.NonceAtRisk, moment, OUT);
        }

        @Test
        void theKeyOfAnotherIsRefused() {
            Moment moment = new Moment()
                    .want(OUT)
                    .used(outbound("c", 0x3000), "k", new KeyUse.Ended(9))
                    .secret(OUT, "k");
            fails("KeyReused", Reason.KeyReused, moment, OUT);
        }

        @Test
        void ofTwoWithOneKeyInOnePlanTheFirstGetsIt() {
            DesiredSa other = outbound("c", 0x3000);
            Moment moment = new Moment().want(OUT, other).secret(OUT, "k").secret(other, "k");
            assertThat(moment.status(other).reason()).isEqualTo(Reason.KeyReused);
            assertThat(moment.plan().actions()).containsExactly(new InstallSa(OUT, fingerprint("k"), 0));
        }

        @Test
        void aKeyWhoseBytesWereWipedIsReadAgain() {
            Moment moment = new Moment().want(OUT).keyOf(OUT, new KeyView.Read(fingerprint("k"), false));
            waits("KeyNotAtHand", moment, OUT, new ReadKey(OUT));
        }

        @Test
        void withAFreshKeyItBeginsAtOne() {
            waits("Install", new Moment().want(OUT).secret(OUT, "k"), OUT, new InstallSa(OUT, fingerprint("k"), 0));
        }

        @Test
        void withItsOwnKeyItGoesOnBeyondWhatWasSent() {
            Moment moment = new Moment()
                    .want(OUT)
                    .used(OUT, "k", new KeyUse.Ended(1000))
                    .secret(OUT, "k");
            waits("Install", moment, OUT, new InstallSa(OUT, fingerprint("k"), 1000 + KeyLedger.MARGIN));
        }
    }

    @Nested
    class OfAPresentSa {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(PresentSaRules.CHAIN.names())
                    .containsExactly(
                            "DuplicateSpi",
                            "AdoptedAsReported",
                            "AdoptedAsAgreed",
                            "Foreign",
                            "WaitsForFormer",
                            "FormerWithoutPlan",
                            "AsDeclared",
                            "LifetimeRefused",
                            "LifetimeChanged",
                            "Changed");
        }

        private void decides(String rule, Moment moment, DesiredSa sa) {
            SaFacts facts = new SaFacts(moment.now());
            ObservedSa there = facts.there(sa).orElseThrow();
            assertThat(Moment.deciding(PresentSaRules.CHAIN, PresentSa.of(facts, sa, there)))
                    .isEqualTo(rule);
        }

        @Test
        void ofTwoWithOneSpiTheOneThatHasThePlaceKeepsIt() {
            DesiredSa other = outbound("0", 0x1000);
            Moment moment = new Moment().want(other, OUT).inForce(OUT);
            decides("DuplicateSpi", moment, other);
            assertThat(moment.status(OUT).state()).isEqualTo(EntryState.Installed);
        }

        @Test
        void whatWasReportedInThisBootIsAdoptedWhenTheJournalIsLost() {
            Moment moment = new Moment().want(OUT).inKernel(observed(OUT.sa())).reported(OUT);
            decides("AdoptedAsReported", moment, OUT);
            assertThat(moment.plan().actions()).containsExactly(new AdoptSa(OUT, NOON));
        }

        @Test
        void whatTheJournalDoesNotKnowIsNotOurs() {
            Moment moment = new Moment().want(OUT).inKernel(observed(OUT.sa()));
            decides("Foreign", moment, OUT);
            assertThat(moment.status(OUT).reason()).isEqualTo(Reason.ForeignEntry);
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void whatCameInThePlaceOfOursIsNotOurs() {
            decides("Foreign", new Moment().want(OUT).inForce(OUT).gone(OUT), OUT);
        }

        @Test
        void itWaitsUntilTheSaOfAFormerObjectIsRemoved() {
            Moment moment = new Moment().want(outbound("c", 0x1000)).inForce(OUT);
            decides("WaitsForFormer", moment, outbound("c", 0x1000));
            assertThat(moment.plan().actions()).hasOnlyElementsOfType(RemoveSa.class);
        }

        @Test
        void aMissingPlanIsNoOrderToRemoveTheFormer() {
            Moment moment =
                    new Moment().want(outbound("c", 0x1000)).inForce(OUT).withoutPlan();
            decides("FormerWithoutPlan", moment, outbound("c", 0x1000));
            assertThat(moment.plan().actions()).isEmpty();
        }

        @Test
        void whatIsAsDeclaredIsInForce() {
            Moment moment = new Moment().want(OUT).inForce(OUT).secret(OUT, "a");
            decides("AsDeclared", moment, OUT);
            assertThat(moment.status(OUT)).isEqualTo(EntryStatus.installed("In force."));
            assertThat(moment.plan().actions()).isEmpty();
        }

        private static final DesiredSa FOR_AN_HOUR = with(SaOptions.NONE.withLifetime(Lifetime.ofSeconds(3600)));

        @Test
        void aLifetimeThatTheKernelRefusedIsNotAskedForAtOnce() {
            decides(
                    "LifetimeRefused",
                    new Moment().want(FOR_AN_HOUR).inForce(OUT).refused(FOR_AN_HOUR),
                    FOR_AN_HOUR);
        }

        @Test
        void anotherLifetimeIsGivenToTheSaThatIsThere() {
            Moment moment = new Moment().want(FOR_AN_HOUR).inForce(OUT);
            decides("LifetimeChanged", moment, FOR_AN_HOUR);
            assertThat(moment.plan().actions()).containsExactly(new ChangeLifetime(FOR_AN_HOUR));
        }

        @Test
        void whatElseIsOtherwiseSomebodyChanged() {
            decides("Changed", new Moment().want(OUT).own(OUT, "a").inKernel(changed(OUT)), OUT);
        }
    }

    private static OurSa ours(Moment moment, DesiredSa sa) {
        SaFacts facts = new SaFacts(moment.now());
        PresentSa present = PresentSa.of(facts, sa, facts.there(sa).orElseThrow());
        return new OurSa(facts, sa, present.there(), present.owned().orElseThrow(), present.differences());
    }

    @Nested
    class OfAnSaInForce {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(InForceSaRules.CHAIN.names())
                    .containsExactly(
                            "KeyChanged",
                            "SequenceExhausted",
                            "SoftExpired",
                            "OffloadIsOff",
                            "OwnerIgnored",
                            "InForce");
        }

        private void says(String rule, Reason reason, Moment moment, DesiredSa sa) {
            assertThat(Moment.deciding(InForceSaRules.CHAIN, ours(moment, sa))).isEqualTo(rule);
            assertThat(moment.status(sa).reason()).isEqualTo(reason);
        }

        @Test
        void itGoesOnWithItsKeyWhenTheSecretHasAnother() {
            says(
                    "KeyChanged",
                    Reason.KeyChanged,
                    new Moment().want(OUT).inForce(OUT).secret(OUT, "other"),
                    OUT);
        }

        @Test
        void afterItsLastSequenceNumberItSendsNothing() {
            ObservedSa spent = observed(OUT.sa(), -1, observed(OUT.sa()).options());
            Moment moment = new Moment().want(OUT).own(OUT, "a").inKernel(spent);
            says("SequenceExhausted", Reason.SequenceExhausted, moment, OUT);
        }

        @Test
        void ofOneThatADeviceCountsTheKernelCannotTellThatItCameToItsEnd() {
            DesiredSa counted = with(offloaded(true));
            ObservedSa spent = observed(counted.sa(), -1, observed(counted.sa()).options());
            says(
                    "InForce",
                    Reason.Installed,
                    new Moment().want(counted).own(counted, "a").inKernel(spent),
                    counted);
        }

        @Test
        void beyondItsSoftLimitItGoesOn() {
            Lifetime.Limit none = new Lifetime.Limit(-1, -1);
            DesiredSa limited = with(SaOptions.NONE.withLifetime(new Lifetime(
                    none, new Lifetime.Limit(0, 1000), new Lifetime.Limit(0, 0), new Lifetime.Limit(0, 0))));
            says("SoftExpired", Reason.SoftExpired, new Moment().want(limited).inForce(limited), limited);
        }

        @Test
        void cryptographyThatTheDeviceDoesNotDoIsTold() {
            DesiredSa offloaded = with(offloaded(false));
            Moment moment = new Moment().want(offloaded).own(offloaded, "a").inKernel(observed(OUT.sa()));
            says("OffloadIsOff", Reason.Unsupported, moment, offloaded);
        }

        @Test
        void anOwnerThatTheKernelDoesNotKnowIsTold() {
            Sa plain = OUT.sa();
            DesiredSa owned = Moment.desired(
                    "a",
                    new Sa(
                            plain.id(),
                            plain.source(),
                            plain.direction(),
                            plain.mode(),
                            plain.algorithms(),
                            plain.reqid(),
                            0,
                            true,
                            OptionalInt.of(1),
                            SaOptions.NONE));
            Moment moment = new Moment()
                    .want(owned)
                    .kernel(Kernels.of(true, false))
                    .own(owned, "a")
                    .inKernel(observed(plain));
            says("OwnerIgnored", Reason.Installed, moment, owned);
            assertThat(moment.status(owned).message()).contains("without its owner CPU");
        }

        @Test
        void elseItIsInForce() {
            says("InForce", Reason.Installed, new Moment().want(IN).inForce(IN), IN);
        }

        @Test
        void itsKeyIsReadSoThatItIsAtHandWhenItIsNeeded() {
            assertThat(new Moment().want(OUT).inForce(OUT).plan().actions()).containsExactly(new ReadKey(OUT));
        }

        @Test
        void theKeyOfOneThatWasAdoptedIsTakenFromAllOthers() {
            assertThat(new Moment()
                            .want(OUT)
                            .ownWithoutKey(OUT)
                            .inKernel(observed(OUT.sa()))
                            .secret(OUT, "k")
                            .plan()
                            .actions())
                    .containsExactly(new WriteKey(OUT.use(fingerprint("k")).ofAdopted()));
        }
    }

    @Nested
    class OfAnSaThatSomebodyChanged {

        @Test
        void theOrderIsTheDocumentation() {
            assertThat(ChangedSaRules.CHAIN.names())
                    .containsExactly(
                            "KeyUnknown",
                            "CountedByDevice",
                            "KeyChanged",
                            "KeyUnavailable",
                            "KeyBeingRead",
                            "KeyNotAtHand",
                            "RemoveFirst",
                            "MakeAgain");
        }

        private Moment somebodyChanged(DesiredSa sa) {
            return new Moment().want(sa).own(sa, "k").inKernel(changed(sa));
        }

        private void decides(String rule, Moment moment, DesiredSa sa) {
            assertThat(Moment.deciding(ChangedSaRules.CHAIN, ours(moment, sa))).isEqualTo(rule);
            assertThat(moment.status(sa).message()).contains("mode is TRANSPORT and should be TUNNEL");
        }

        @Test
        void withAKeyThatNobodyKnowsItIsNotMadeAgain() {
            Moment moment = new Moment().want(OUT).ownWithoutKey(OUT).inKernel(changed(OUT));
            decides("KeyUnknown", moment, OUT);
            assertThat(moment.status(OUT).reason()).isEqualTo(Reason.NonceAtRisk);
        }

        @Test
        void oneThatADeviceCountsIsNotMadeAgainWhetherItWasDeclaredSoOrIsSo() {
            DesiredSa counted = with(offloaded(true));
            isLeft("CountedByDevice", somebodyChanged(counted).secret(counted, "k"), counted);
            Moment before = new Moment().want(OUT).own(OUT, "k").inKernel(observed(counted.sa()));
            isLeft("CountedByDevice", before.secret(OUT, "k"), OUT);
        }

        private void isLeft(String rule, Moment moment, DesiredSa sa) {
            assertThat(Moment.deciding(ChangedSaRules.CHAIN, ours(moment, sa))).isEqualTo(rule);
            assertThat(moment.status(sa).reason()).isEqualTo(Reason.NonceAtRisk);
            assertThat(moment.plan().actions()).noneMatch(RemoveSa.class::isInstance);
        }

        @Test
        void withAnotherKeyInTheSecretItIsNotMadeAgain() {
            Moment moment = somebodyChanged(OUT).secret(OUT, "other");
            decides("KeyChanged", moment, OUT);
            assertThat(moment.status(OUT).reason()).isEqualTo(Reason.KeyChanged);
        }

        @Test
        void withoutAKeyItIsNotMadeAgain() {
            Moment moment = somebodyChanged(OUT).keyOf(OUT, new KeyView.Unavailable(Reason.KeyMissing, "none"));
            decides("KeyUnavailable", moment, OUT);
            assertThat(moment.status(OUT).reason()).isEqualTo(Reason.KeyMissing);
        }

        @Test
        void itStaysUntilItsKeyIsThere() {
            decides("KeyBeingRead", somebodyChanged(OUT).keyOf(OUT, new KeyView.Reading()), OUT);
            decides("KeyNotAtHand", somebodyChanged(OUT), OUT);
            assertThat(somebodyChanged(OUT).plan().actions()).containsExactly(new ReadKey(OUT));
        }

        @Test
        void anOutboundOneIsRemovedSoThatTheKernelTellsHowFarItCame() {
            Moment moment = somebodyChanged(OUT).secret(OUT, "k");
            decides("RemoveFirst", moment, OUT);
            assertThat(moment.plan().actions()).hasOnlyElementsOfType(RemoveSa.class);
        }

        @Test
        void anInboundOneWithAReplayWindowIsRemovedToo() {
            Moment moment = somebodyChanged(IN).secret(IN, "k");
            decides("RemoveFirst", moment, IN);
            assertThat(moment.plan().actions()).hasOnlyElementsOfType(RemoveSa.class);
        }

        @Test
        void oneThatPromisesNothingIsMadeAgainAtOnce() {
            DesiredSa unprotected = Moment.desired("b", IN.sa().withEsn(false).withReplayWindow(0));
            Moment moment = somebodyChanged(unprotected).secret(unprotected, "k");
            decides("MakeAgain", moment, unprotected);
            assertThat(moment.plan().actions()).hasExactlyElementsOfTypes(RemoveSa.class, InstallSa.class);
        }

        @Test
        void whenItWasInstalledIsWrittenDownWhateverIsDone() {
            Moment moment = new Moment().want(OUT).secret(OUT, "k");
            OurSa asked = new OurSa(
                    new SaFacts(moment.now()),
                    OUT,
                    changed(OUT),
                    OUT.owned(Optional.of(fingerprint("k")), InstallTime.asked(NOON)),
                    List.of());
            assertThat(ChangedSaRules.decide(asked).actions().getFirst())
                    .isEqualTo(
                            new Write(new OwnSa(OUT.owned(Optional.of(fingerprint("k")), InstallTime.readBack(NOON)))));
        }
    }
}
