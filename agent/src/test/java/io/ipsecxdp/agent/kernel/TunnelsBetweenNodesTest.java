package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SpiException;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.SaDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** From what other nodes say to what the kernels have, and back. */
class TunnelsBetweenNodesTest {

    private static final int NODES = 3;

    /** Longer than all steps between nodes take, and than packets may be in flight. */
    private static final int A_WHILE = 25;

    private Path folder;
    private NodesWithTunnels nodes;

    @BeforeEach
    void aTunnelInForce() throws IOException {
        folder = Files.createTempDirectory(Path.of("/dev/shm"), "tunnels");
        nodes = new NodesWithTunnels(folder, NODES, Optional.empty());
        nodes.run(A_WHILE);
        assertInForce();
    }

    @AfterEach
    void end() throws IOException {
        nodes.close();
        try (var files = Files.walk(folder)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }

    private void assertInForce() {
        Map<String, String> sent = new HashMap<>();
        Map<String, String> received = new HashMap<>();
        for (int i = 1; i <= NODES; i++) {
            assertThat(nodes.node(i).report().state())
                    .as(nodes.node(i).report().message())
                    .isEqualTo(EntryState.Installed);
            assertThat(nodes.node(i).report().pairs()).isEqualTo(NODES - 1);
            assertThat(nodes.node(i).spd())
                    .as("both families, out, in and forward, with each other node")
                    .hasSize((NODES - 1) * 6)
                    .allMatch(policy -> policy.endsWith("REQUIRED"));
            sent.putAll(nodes.node(i).sad(SaDir.OUT));
            received.putAll(nodes.node(i).sad(SaDir.IN));
        }
        assertThat(sent).as("one for each CPU, and one for all others").hasSize(NODES * (NODES - 1) * 3);
        assertThat(sent).isEqualTo(received);
        assertThat(sent.values()).as("no two have one key").doesNotHaveDuplicates();
    }

    private List<List<String>> shown() {
        return IntStream.rangeClosed(1, NODES)
                .mapToObj(i -> nodes.share(i).generations().stream()
                        .map(KeyGeneration::publicKey)
                        .toList())
                .toList();
    }

    @Test
    void anAgentThatIsRestartedGoesOnWithItsKeys() {
        List<List<String>> before = shown();
        Map<String, String> sad = nodes.node(1).sad(SaDir.OUT);
        nodes.node(1).restart();
        nodes.run(A_WHILE);
        assertInForce();
        assertThat(shown()).isEqualTo(before);
        assertThat(nodes.node(1).sad(SaDir.OUT)).isEqualTo(sad);
    }

    @Test
    void aRequestMakesNewKeysOnce() {
        List<List<String>> before = shown();
        nodes.request("now");
        nodes.run(A_WHILE);
        assertInForce();
        List<List<String>> after = shown();
        for (int i = 0; i < NODES; i++) {
            assertThat(after.get(i)).hasSize(1).doesNotContainAnyElementsOf(before.get(i));
        }
        nodes.run(A_WHILE);
        assertThat(shown()).isEqualTo(after);
    }

    @Test
    void theLedgerForgetsKeysThatNobodyCanDeriveAgain() {
        for (int i = 0; i < 6; i++) {
            nodes.request("again " + i);
            nodes.run(A_WHILE);
        }
        nodes.node(1).restart();
        nodes.run(A_WHILE);
        assertInForce();
        List<Origin> owned = nodes.node(1).owned();
        assertThat(owned).hasSize((NODES - 1) * 2 * 3);
        assertThat(nodes.node(1).keysInLedger())
                .as("no more of seven generations than of the last, and of those of peers that went with it")
                .hasSizeLessThan(3 * owned.size())
                .containsAll(owned);
    }

    @Test
    void aPresharedKeyIsMixedInAndAnotherOneMakesNewKeys() throws IOException {
        try (NodesWithTunnels others = new NodesWithTunnels(folder.resolve("psk"), 2, Optional.of("1"))) {
            others.run(A_WHILE);
            Map<String, String> first = others.node(1).sad(SaDir.OUT);
            assertThat(first).hasSize(3).isEqualTo(others.node(2).sad(SaDir.IN));
            others.presharedKey("2");
            others.run(2 * 60);
            Map<String, String> second = others.node(1).sad(SaDir.OUT);
            assertThat(second).hasSize(3).isEqualTo(others.node(2).sad(SaDir.IN));
            assertThat(second.values()).doesNotContainAnyElementsOf(first.values());
        }
    }

    @Test
    void anSaThatIsLostIsNotMadeAgain() {
        Map<String, String> before = nodes.node(1).sad(SaDir.OUT);
        nodes.node(1).kernel.flushSas();
        nodes.run(A_WHILE);
        assertInForce();
        assertThat(nodes.node(1).sad(SaDir.OUT).values()).doesNotContainAnyElementsOf(before.values());
    }

    /** An SA whose SPI is taken gets another one, which its receiver tells with what makes the sender use it. */
    @Test
    void ofFewSpisEachSaGetsOneThatIsFree() throws IOException {
        nodes.close();
        nodes = new NodesWithTunnels(folder.resolve("few"), NODES, Optional.empty(), 40);
        nodes.run(A_WHILE);
        assertInForce();
        int exceptions = 0;
        for (int i = 0; i < 4; i++) {
            nodes.request("again " + i);
            runLosingNothing(A_WHILE);
            assertInForce();
            for (int node = 1; node <= NODES; node++) {
                exceptions += nodes.share(node).spiExceptions().size();
            }
        }
        assertThat(exceptions)
                .as("with 6 to 24 inbound SAs at a time, of 40 SPIs some are taken")
                .isPositive();
        nodes.node(2).restart();
        List<SpiException> told = nodes.share(2).spiExceptions();
        runLosingNothing(A_WHILE);
        assertThat(nodes.share(2).spiExceptions()).isEqualTo(told);
        nodes.node(3).loseStateFolder();
        runLosingNothing(2 * A_WHILE);
        assertInForce();
    }

    /** For so long as it is asked, each second: what a node sends by is there at the other end, and no policy is missing. */
    private void runLosingNothing(int seconds) {
        for (int second = 0; second < seconds; second++) {
            nodes.run(1);
            Map<String, String> received = new HashMap<>();
            for (int i = 1; i <= NODES; i++) {
                received.putAll(nodes.node(i).sad(SaDir.IN));
            }
            for (int i = 1; i <= NODES; i++) {
                assertThat(received)
                        .as("second %d", second)
                        .containsAllEntriesOf(nodes.node(i).sad(SaDir.OUT));
                assertThat(nodes.node(i).spd())
                        .as("second %d", second)
                        .hasSize((NODES - 1) * 6)
                        .allMatch(policy -> policy.endsWith("REQUIRED"));
            }
        }
    }

    @Test
    void aNodeThatLostItsStateFolderKnowsItsTunnelsAgain() {
        Map<String, String> before = nodes.node(1).sad(SaDir.OUT);
        nodes.node(1).loseStateFolder();
        runLosingNothing(2 * A_WHILE);

        assertInForce();
        assertThat(nodes.node(1).sad(SaDir.OUT).values())
                .as("keys that the new ledger cannot know are replaced")
                .doesNotContainAnyElementsOf(before.values());
        for (int i = 1; i <= NODES; i++) {
            assertThat(nodes.node(i).owned())
                    .as("nothing is left as somebody else's")
                    .hasSameSizeAs(nodes.node(i).kernel.dumpSas().entries())
                    .hasSize((NODES - 1) * 2 * 3);
        }
    }

    @Test
    void aNodeThatLosesItsStateFolderTwiceKnowsItsTunnelsAgain() {
        nodes.node(1).loseStateFolder();
        runLosingNothing(1);
        nodes.node(1).loseStateFolder();
        runLosingNothing(2 * A_WHILE);
        assertInForce();
        assertThat(nodes.node(1).owned()).hasSize((NODES - 1) * 2 * 3);
    }

    @Test
    void allNodesMayLoseTheirStateFoldersAtOnce() {
        for (int i = 1; i <= NODES; i++) {
            nodes.node(i).loseStateFolder();
        }
        runLosingNothing(2 * A_WHILE);
        assertInForce();
    }

    /** A peer that rekeys at that moment is followed: keys with a generation that the node had never seen are fresh. */
    @Test
    void aPeerThatRekeysMeanwhileIsFollowed() {
        nodes.node(1).offline(true);
        nodes.request("now");
        runLosingNothing(5);
        nodes.node(1).loseStateFolder();
        nodes.node(1).offline(false);
        runLosingNothing(3 * A_WHILE);
        assertInForce();
    }

    /** How far a key was used that neither ledger nor kernel has, nobody knows. */
    @Test
    void ofWhatTheKernelLostTooNoKeyIsUsedAgain() {
        Map<String, String> before = nodes.node(1).sad(SaDir.OUT);
        nodes.node(1).kernel.flushSas();
        nodes.node(1).loseStateFolder();
        for (int second = 0; second < 2 * A_WHILE; second++) {
            nodes.run(1);
            assertThat(nodes.node(1).sad(SaDir.OUT).values()).doesNotContainAnyElementsOf(before.values());
        }
        assertInForce();
    }

    @Test
    void aNodeThatIsBootedHealsByItself() {
        Map<String, String> before = nodes.node(2).sad(SaDir.OUT);
        nodes.node(2).reboot();
        nodes.run(A_WHILE);
        assertInForce();
        assertThat(nodes.node(2).sad(SaDir.OUT).values()).doesNotContainAnyElementsOf(before.values());
    }

    @Test
    void aTunnelThatEveryNodeLeavesLeavesNothing() {
        nodes.leaveAll();
        nodes.run(A_WHILE);
        nodes.forgetAll();
        nodes.run(A_WHILE);
        for (int i = 1; i <= NODES; i++) {
            assertThat(nodes.node(i).kernel.dumpSas().entries()).isEmpty();
            assertThat(nodes.node(i).kernel.dumpPolicies().entries()).isEmpty();
            assertThat(nodes.share(i).generations()).isEmpty();
        }
    }

    @Test
    void whatFitsIsReportedAndFollowsTheLink() {
        assertThat(nodes.node(1).report().mtu()).isEqualTo(1446);
        assertThat(nodes.node(1).report().reason()).isEqualTo(Reason.Installed.name());

        nodes.node(1).mtu("eth0", 9000);
        nodes.run(1);

        assertThat(nodes.node(1).report().mtu()).isEqualTo(8946);
        assertThat(nodes.node(2).report().mtu()).isEqualTo(1446);
    }

    @Test
    void podsThatMaySendMoreThanFitsAreSaidWithTheNumberToSet() {
        nodes.node(1).mtu("veth1", 1447);
        nodes.run(1);

        TunnelReport report = nodes.node(1).report();
        assertThat(report.state()).isEqualTo(EntryState.Installed);
        assertThat(report.reason()).isEqualTo(Reason.MtuTooLarge.name());
        assertThat(report.message())
                .contains("packets of 1446 bytes fit", "an MTU of 1447", "set the MTU of pods to 1446");

        nodes.node(1).mtu("veth1", 1446);
        nodes.run(1);
        assertThat(nodes.node(1).report().reason()).isEqualTo(Reason.Installed.name());
    }

    @Test
    void theKernelIsAskedForItsWaysNowAndThenAndNotEachTime() {
        int before = nodes.node(1).looks;
        nodes.run(90);

        assertThat(nodes.node(1).looks - before).isBetween(2, 4);
    }

    @Test
    void aKernelWithoutOwnersHasOneSaInEachDirectionAndSaysSo() {
        nodes.node(1).kernel.can(Kernels.OLD);
        nodes.node(1).reboot();
        nodes.run(2 * A_WHILE);

        TunnelReport report = nodes.node(1).report();
        assertThat(report.state()).isEqualTo(EntryState.Installed);
        assertThat(report.reason()).isEqualTo(Reason.Unsupported.name());
        assertThat(report.message()).contains("one SA in each direction", "no SAs with an owner");
        assertThat(report.pairs()).isEqualTo(NODES - 1);
        assertThat(nodes.node(1).kernel.dumpSas().entries())
                .filteredOn(sa -> sa.id().destination().getHostAddress().equals("10.0.0.2"))
                .as("by which it sends")
                .hasSize(1);
        assertThat(nodes.node(2).report().reason()).isEqualTo(Reason.Installed.name());
    }
}
