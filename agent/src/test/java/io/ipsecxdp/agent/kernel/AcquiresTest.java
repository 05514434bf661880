package io.ipsecxdp.agent.kernel;

import static io.ipsecxdp.agent.kernel.TestingNode.inbound;
import static io.ipsecxdp.agent.kernel.TestingNode.key;
import static io.ipsecxdp.agent.kernel.TestingNode.keyOf;
import static io.ipsecxdp.agent.kernel.TestingNode.outbound;
import static io.ipsecxdp.agent.kernel.TestingNode.ownedBy;
import static io.ipsecxdp.agent.kernel.TestingNode.protect;
import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of it that a packet finds a policy and no SA (RFC 9061: sadb-acquire). */
class AcquiresTest {

    private static final long REQID = 0x1000_0001L;
    private static final PlannedSa OUT = outbound("out", 0x1000);
    private static final PlannedPolicy POLICY = protect("p", io.ipsecxdp.crds.PolicyDirection.Out, 1000);
    private static final PolicyId ID =
            PolicyId.of(PolicyDir.OUT, XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16")));
    private static final XfrmSelector PACKET = packet("10.1.0.7", "10.2.0.9");

    private TestingNode node;

    @BeforeEach
    void aPolicyWithoutItsSa() {
        node = new TestingNode();
        node.secret(keyOf("out"), key(1));
        node.secret(keyOf("in"), key(2));
        node.plan("s", List.of(), List.of(POLICY));
        node.settle();
    }

    @AfterEach
    void shutDown() {
        node.close();
    }

    private static XfrmSelector packet(String source, String destination) {
        return XfrmSelector.between(prefix(source + "/32"), prefix(destination + "/32"))
                .with(new IpProtocol(17), PortMatch.exactly(4711), PortMatch.exactly(53));
    }

    private void acquire() {
        node.kernel.acquire(ID, PACKET, OptionalInt.empty());
        node.settle();
    }

    private EntryStatus policy() {
        return node.policy("p", io.ipsecxdp.crds.PolicyDirection.Out);
    }

    private void assertAllIsWell() {
        assertThat(policy()).isEqualTo(EntryStatus.installed("In force."));
    }

    private void assertMissing(String... words) {
        assertThat(policy().state()).isEqualTo(EntryState.Installed);
        assertThat(policy().reason()).isEqualTo(Reason.NoSecurityAssociation);
        assertThat(policy().message()).contains(words);
    }

    private static Sa sa(SaId id, String source, Mode mode, long reqid, SaOptions options) {
        return SaBuilder.builder()
                .id(id)
                .source(ip(source))
                .direction(SaDir.OUT)
                .mode(mode)
                .algorithms(Aead.aesGcm(128, 128))
                .reqid(reqid)
                .replayWindow(0)
                .esn(true)
                .options(options)
                .build();
    }

    private static SaOptions forPackets(XfrmSelector selector) {
        SaOptions none = SaOptions.NONE;
        return SaOptions.NONE
                .with()
                .lifetime(none.lifetime())
                .flags(none.flags())
                .selector(Optional.of(selector))
                .build();
    }

    @Test
    void aPolicyWithoutPacketsSaysNothing() {
        assertAllIsWell();
    }

    @Test
    void thePolicyNamesTheSaThatIsMissing() {
        acquire();

        assertMissing(
                "packets that it selects are lost",
                "ESP in tunnel mode from 10.0.0.1 to 10.0.0.2 with reqid 268435457",
                "Declare a SecurityAssociation");
    }

    @Test
    void theMessageStaysTheSameWhileOtherPacketsCome() {
        acquire();
        EntryStatus first = policy();
        node.kernel.acquire(ID, packet("10.1.3.3", "10.2.4.4"), OptionalInt.empty());
        node.settle();

        assertThat(policy()).isEqualTo(first);
    }

    @Test
    void whatAnIkeDaemonAnswersAtOnceIsNoNews() {
        node.kernel.acquire(ID, PACKET, OptionalInt.empty());
        node.round();
        assertAllIsWell();

        node.clock.add(Duration.ofSeconds(1));
        node.kernel.addForeign(sa(SaId.esp(ip("10.0.0.2"), 0x7777), "10.0.0.1", Mode.TUNNEL, REQID, SaOptions.NONE));
        node.settle();

        assertAllIsWell();
    }

    @Test
    void itIsOverWhenTheSaIsThere() {
        acquire();
        node.plan("s", List.of(OUT), List.of(POLICY));
        node.settle();

        assertAllIsWell();
    }

    @Test
    void itIsOverSomeMinutesAfterTheLastPacket() {
        acquire();
        node.clock.add(Duration.ofMinutes(6));
        node.settle();

        assertAllIsWell();
    }

    @Test
    void ofAnSaThatComesNearTheDifferenceIsNamed() {
        node.kernel.addForeign(sa(SaId.esp(ip("10.0.0.2"), 0x7777), "10.0.0.1", Mode.TRANSPORT, REQID, SaOptions.NONE));
        acquire();
        assertMissing("differs in its mode", "0x00007777");
    }

    @Test
    void anSaThatIsOursIsCalledByItsName() {
        PlannedSa other = OUT.withTerms(OUT.terms().withReqid(0x1000_0002L));
        node.plan("s", List.of(other), List.of(POLICY));
        node.settle();
        acquire();

        assertMissing("The SecurityAssociation name-out comes nearest and differs in its reqid");
    }

    @Test
    void anInboundSaOrOneForOtherPacketsIsNone() {
        node.kernel.addForeign(sa(
                SaId.esp(ip("10.0.0.2"), 0x7777),
                "10.0.0.1",
                Mode.TUNNEL,
                REQID,
                forPackets(XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.9.0.0/16")))));
        node.plan("s", List.of(inbound("in", 0x2000)), List.of(POLICY));
        node.settle();
        acquire();

        assertMissing("differs in its selector");
    }

    @Test
    void cpusWithoutAnSaOfTheirOwnNeedOneWithoutACpu() {
        node.plan("s", List.of(ownedBy(1, OUT)), List.of(POLICY));
        node.settle();
        assertAllIsWell();
        acquire();

        assertMissing("The SecurityAssociation name-out belongs to CPU 1", "without source.cpu");
    }

    @Test
    void whoAsksForAnSaOfEachCpuIsToldThatNobodyAnswers() {
        node.plan("s", List.of(OUT), List.of(POLICY));
        node.settle();
        node.kernel.acquire(ID, PACKET, OptionalInt.of(3));
        node.settle();

        assertMissing("of CPU 3", "without perCpuAcquire");
    }

    @Test
    void policiesOfOthersAskOthers() {
        Policy foreign = new Policy(
                PolicyId.of(PolicyDir.OUT, XfrmSelector.between(prefix("10.7.0.0/16"), prefix("10.8.0.0/16"))),
                1,
                Policy.Action.ALLOW,
                List.of());
        node.kernel.addForeign(foreign);
        node.kernel.acquire(foreign.id(), packet("10.7.0.1", "10.8.0.1"), OptionalInt.empty());
        node.settle();

        assertAllIsWell();
    }

    @Test
    void whatTheKernelStillWaitsForIsNobodysSa() {
        ObservedSa larval = AsObserved.larval(SaId.esp(ip("10.0.0.2"), 0), ip("10.0.0.1"), REQID);

        assertThat(Observed.of(List.of(larval), List.of()).sas()).isEmpty();
    }
}
