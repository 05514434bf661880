package io.ipsecxdp.operator.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.SecurityAssociationStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PageModelTest {

    @Test
    void theWorstComesFirstWithItsRemedy() {
        var model = PageModel.of(PageWorld.mesh(100, 4));

        assertThat(model.ready()).isFalse();
        assertThat(model.headline()).isEqualTo("6 objects are not Ready.");
        assertThat(model.problems())
                .extracting(problem -> problem.kind() + " " + problem.name() + " " + problem.state() + " "
                        + problem.reason().orElse("-"))
                .containsExactly(
                        "SecurityAssociation west Stalled KeyMissing",
                        "IPsecNode n0030 NotReady AgentFailing",
                        "IPsecNode n0061 NotReady AgentFailing",
                        "IPsecNode n0092 NotReady AgentFailing",
                        "IPsecNode n0096 NotReady AgentNotReporting",
                        "Tunnel pods Reconciling WaitsForPeer");
        assertThat(model.problems().getFirst().message()).endsWith("create it");
        assertThat(model.problems().getLast()).satisfies(problem -> {
            assertThat(problem.failedNodes()).isEqualTo(12);
            assertThat(problem.nodes())
                    .singleElement()
                    .satisfies(node -> assertThat(node.node()).isEqualTo("n0004"));
        });
    }

    @Test
    void whatIsInForceAndNeedsAPersonIsReady() {
        var sa = PageWorld.sa("soft", 1, "True", "Installed", "it is in force");
        var degraded = Serialization.clone(sa);
        degraded.setStatus(Serialization.unmarshal("""
                observedGeneration: 1
                conditions:
                  - {type: Ready, status: "True", reason: Installed, message: it is in force, lastTransitionTime: "2026-01-01T00:00:00Z"}
                  - {type: Degraded, status: "True", reason: SoftExpired, message: declare its successor, lastTransitionTime: "2026-01-01T00:00:00Z"}
                """, SecurityAssociationStatus.class));
        var input = new PageInput(
                List.of(degraded), List.of(PageWorld.node(0, 2)), List.of(), List.of(), List.of(), Set.of("n0000"));

        var model = PageModel.of(input);

        assertThat(model.ready()).isTrue();
        assertThat(model.headline()).isEqualTo("All is Ready.");
        assertThat(model.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.state()).isEqualTo(Problem.State.Degraded);
            assertThat(problem.message()).isEqualTo("declare its successor");
        });
        assertThat(model.kinds())
                .contains(
                        new PageModel.KindCount("SecurityAssociation", 1, 0, 1),
                        new PageModel.KindCount("Tunnel", 0, 0, 0));
    }

    @Test
    void whatTheOperatorHasNotSeenInItsPresentFormIsInProgress() {
        var unseen = PageWorld.sa("unseen", 1, "True", "Installed", "it is in force");
        unseen.getMetadata().setGeneration(2L);

        assertThat(Problem.of(unseen)).hasValueSatisfying(problem -> {
            assertThat(problem.state()).isEqualTo(Problem.State.Reconciling);
            assertThat(problem.message()).isEqualTo(Problem.UNSEEN);
        });
    }

    @Test
    void anEmptyClusterSaysThatNoAgentReports() {
        var model = PageModel.of(PageWorld.NOTHING);

        assertThat(model.ready()).isFalse();
        assertThat(model.headline()).startsWith("No agent has reported");
    }

    @Test
    void nothingGrowsWithoutABound() {
        var many = IntStream.range(0, 300)
                .mapToObj(i -> PageWorld.sa("sa" + i, 1, "False", "KeyMissing", "create it"))
                .toList();
        var tunnels = IntStream.range(0, 130)
                .mapToObj(i -> PageWorld.tunnel("t" + i, "True", false))
                .toList();
        var mesh = PageWorld.mesh(300, 2);
        var declared = new ArrayList<>(mesh.declared());
        declared.addAll(many);
        declared.addAll(tunnels);

        var model = PageModel.of(
                new PageInput(declared, mesh.nodes(), mesh.plans(), mesh.peers(), mesh.shares(), mesh.alive()));

        assertThat(model.problems()).hasSize(PageModel.MOST_PROBLEMS);
        assertThat(model.moreProblems()).isPositive();
        assertThat(model.tunnels()).hasSize(PageModel.MOST_TUNNELS);
        assertThat(model.moreTunnels()).isEqualTo(31);
        assertThat(model.tunnels().stream()
                        .mapToInt(tunnel -> tunnel.members().size())
                        .sum())
                .isPositive()
                .isLessThanOrEqualTo(PageModel.MOST_MEMBERS);
    }

    @Test
    void theSameClusterInAnotherOrderIsTheSamePage() {
        var input = PageWorld.mesh(40, 4);

        var turned = new PageInput(
                input.declared().reversed(),
                input.nodes().reversed(),
                input.plans().reversed(),
                input.peers().reversed(),
                input.shares().reversed(),
                input.alive());

        assertThat(PageModel.of(turned)).isEqualTo(PageModel.of(input));
    }

    @Test
    void aTunnelSaysHowFarItsNodesAre() {
        var tunnel = PageModel.of(PageWorld.mesh(10, 2)).tunnels().getFirst();

        assertThat(tunnel.phase()).isEqualTo("rekeys: 1 of 10 nodes have more than one generation of keys");
        assertThat(tunnel.members().get(4).accepts()).isEqualTo(2);
        assertThat(tunnel.members().get(5).keys()).isEqualTo(2);
    }

    @Test
    void aKeyShareOfANodeThatWasThereBeforeSaysNothingOfThisOne() {
        var input = PageWorld.mesh(2, 2);
        input.shares().getFirst().getMetadata().setName("n0001");
        var swapped = new PageInput(
                input.declared(),
                input.nodes(),
                input.plans(),
                input.peers(),
                List.of(input.shares().getFirst()),
                input.alive());

        assertThat(PageModel.of(swapped).tunnels().getFirst().phase())
                .isEqualTo("begins: 2 of 2 nodes have no key yet");
    }

    @Test
    void theLoadOfANodeIsThatOfItsCpusOnAllInterfaces() {
        var load = PageModel.of(PageWorld.mesh(1, 4)).nodes().getFirst().load();

        assertThat(load)
                .containsExactly(
                        List.of(0L, 1000L, 0L),
                        List.of(1L, 8000L, 0L),
                        List.of(2L, 6000L, 0L),
                        List.of(3L, 4000L, 42L));
    }

    @Test
    void aNodeHasItsSasThoseThatAreNotInForceFirst() {
        var node = NodeModel.of(PageWorld.mesh(3, 2), "n0000").orElseThrow();

        assertThat(node.sas())
                .extracting(sa -> sa.name() + " " + sa.state() + " " + sa.cpu())
                .containsExactly("west Pending Optional.empty", "east Installed Optional[1]");
        assertThat(node.sas().getFirst().state()).isEqualTo(EntryState.Pending);
        assertThat(node.lacks()).extracting(Lack::what).containsExactly("SAs with an owner CPU");
        assertThat(NodeModel.of(PageWorld.mesh(3, 2), "elsewhere")).isEqualTo(Optional.empty());
    }

    @Test
    void theWordsAreThoseOfThePlugin() throws IOException {
        String plugin = Files.readString(Path.of("../plugin/kubectl-ipsec"));

        assertThat(Lack.all())
                .hasSize(7)
                .allSatisfy(lack ->
                        assertThat(plugin).contains("{what: \"" + lack.what() + "\"", lack.means(), lack.remedy()));
        assertThat(plugin).contains(Problem.UNSEEN, Problem.UNREPORTED);
        assertThat(plugin).contains(PageModel.of(PageWorld.NOTHING).headline());
    }
}
