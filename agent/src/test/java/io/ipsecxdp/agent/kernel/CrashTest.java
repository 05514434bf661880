package io.ipsecxdp.agent.kernel;

import static io.ipsecxdp.agent.kernel.TestingNode.inbound;
import static io.ipsecxdp.agent.kernel.TestingNode.key;
import static io.ipsecxdp.agent.kernel.TestingNode.keyOf;
import static io.ipsecxdp.agent.kernel.TestingNode.outbound;
import static io.ipsecxdp.agent.kernel.TestingNode.protect;
import static io.ipsecxdp.agent.kernel.TestingNode.withoutWindow;
import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What holds if the agent's process ends at any one moment between two writes to the disk or changes of the kernel. */
class CrashTest {

    private static final PlannedSa IN = withoutWindow(inbound("in", 0x1001));
    private static final PlannedSa GUARDED = inbound("guarded", 0x1006);
    private static final SaId GUARDED_ID = SaId.esp(ip("10.0.0.1"), 0x1006);
    private static final PlannedSa OUT = outbound("out", 0x1002);
    private static final PlannedSa MORE = outbound("more", 0x1003);
    private static final PlannedSa REFUSED = outbound("refused", 0x1004);
    private static final PlannedSa LOST = outbound("lost", 0x1005);
    private static final PlannedPolicy OUT_POLICY = protect("po", PolicyDirection.Out, 1000);
    private static final PlannedPolicy IN_POLICY = protect("pi", PolicyDirection.In, 1000);
    private static final PlannedPolicy IN_POLICY_REPLACED = protect("pi", PolicyDirection.In, 2000);

    @Test
    void atAnyMomentTheDiskKnowsWhatTheKernelHasOfUsAndEveryKeyThatItSaw() {
        int points = life(-1);
        assertThat(points).isGreaterThan(50);
        for (int point = 0; point < points; point++) {
            life(point);
        }
    }

    /** Returns how many points there were. */
    private static int life(int crashAt) {
        try (TestingNode node = new TestingNode()) {
            node.crashes.crashAt(crashAt);
            node.onCrash(() -> {
                assertDiskKnowsKernel(node, crashAt);
                assertKeysAreWiped(node, crashAt);
            });
            live(node);
            assertDiskKnowsKernel(node, crashAt);
            assertThat(node.kernel.noncesAtRisk())
                    .as("nonces after a crash at point %d", crashAt)
                    .isEmpty();
            node.kernel.replay(GUARDED_ID);
            assertThat(node.kernel.replays())
                    .as("replays after a crash at point %d", crashAt)
                    .isEmpty();
            assertThat(node.kernel.trespasses())
                    .as("trespasses after a crash at point %d", crashAt)
                    .isEmpty();
            // Without a replay window nothing is promised, so the crash keeps nothing of it from being in force
            assertThat(node.sa("in").state())
                    .as("in, after a crash at point %d", crashAt)
                    .isEqualTo(EntryState.Installed);
            assertThat(node.policy("pi", PolicyDirection.In).state())
                    .as("policy, after a crash at point %d", crashAt)
                    .isEqualTo(EntryState.Installed);
            node.plan("s", List.of(), List.of());
            node.settle();
            assertThat(node.kernel.ours())
                    .as("left after a crash at point %d", crashAt)
                    .isEmpty();
            assertThat(node.state().journal().sas()).isEmpty();
            assertThat(node.state().journal().policies()).isEmpty();
            assertThat(node.crashed()).as("crashed at point %d", crashAt).isEqualTo(crashAt >= 0);
            return node.crashes.passed();
        }
    }

    /** Everything that the executor does at least once. */
    private static void live(TestingNode node) {
        List<PlannedSa> all = List.of(IN, OUT, MORE, REFUSED, LOST, GUARDED);
        for (int i = 0; i < all.size(); i++) {
            node.secret(keyOf(all.get(i).uid()), key(i + 1));
        }
        node.plan("s", List.of(IN, OUT, GUARDED), List.of(OUT_POLICY, IN_POLICY));
        node.settle();
        node.kernel.saIds().forEach(id -> node.kernel.send(id, 7));
        node.kernel.receive(GUARDED_ID, 7);

        node.plan("s", List.of(IN, OUT, MORE, GUARDED), List.of(IN_POLICY_REPLACED));
        node.settle();

        node.kernel.flushSas();
        node.settle();
        node.kernel.saIds().forEach(node.kernel::deleteSa);
        node.settle();

        node.kernel.refuse(change -> Optional.of(KernelError.of(Errno.EINVAL))
                .filter(error ->
                        change instanceof Change.AddSa add && add.sa().id().spi() == 0x1004));
        node.plan("s", List.of(IN, OUT, MORE, REFUSED, GUARDED), List.of(IN_POLICY_REPLACED));
        node.settle();
        node.kernel.refuse(change -> Optional.empty());
        node.settle();

        node.kernel.loseAnswers(true);
        node.plan("s", List.of(IN, OUT, MORE, REFUSED, LOST, GUARDED), List.of(OUT_POLICY, IN_POLICY_REPLACED));
        node.settle();
        node.kernel.loseAnswers(false);
        node.settle();
    }

    private static void assertDiskKnowsKernel(TestingNode node, int crashAt) {
        Journal journal = node.state().journal();
        KernelHistory history = KernelHistory.startingWith(journal);
        for (Object id : node.kernel.ours()) {
            switch (id) {
                case SaId sa -> {
                    assertThat(journal.sas())
                            .as("owned after a crash at point %d", crashAt)
                            .containsKey(sa);
                    assertThat(history.isOurs(journal.sas().get(sa), node.kernel.sa(sa)))
                            .as("%s is ours after a crash at point %d", sa, crashAt)
                            .isTrue();
                    try (KeyMaterial key = node.kernel.keyOf(sa).orElseThrow()) {
                        assertThat(node.state().ledger().usedBy(node.state().fingerprint(key)))
                                .as("use of the key of %s after a crash at point %d", sa, crashAt)
                                .isPresent();
                    }
                }
                case PolicyId policy -> {
                    assertThat(journal.policies())
                            .as("owned after a crash at point %d", crashAt)
                            .containsKey(policy);
                    assertThat(history.isOurs(journal.policies().get(policy), node.kernel.policy(policy)))
                            .as("%s is ours after a crash at point %d", policy, crashAt)
                            .isTrue();
                }
                default -> throw new IllegalStateException("an entry is an SA or a policy");
            }
        }
    }

    private static void assertKeysAreWiped(TestingNode node, int crashAt) {
        for (KeyMaterial key : node.keysHandedOut()) {
            assertThatThrownBy(key::length)
                    .as("a key after a crash at point %d", crashAt)
                    .isInstanceOf(IllegalStateException.class);
        }
    }
}
