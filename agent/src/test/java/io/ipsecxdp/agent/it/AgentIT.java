package io.ipsecxdp.agent.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.it.TestNode.RunningAgent;
import io.ipsecxdp.charts.Chart;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedPolicyBuilder;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSaBuilder;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent as it is shipped, on this machine's kernel, with a real API server and with no more rights than it has. */
@Timeout(180)
class AgentIT {

    private static final PlannedPolicy OUT =
            policy("out", PolicyDirection.Out, "10.20.1.0/24", "10.20.2.0/24", PolicyAction.Protect);
    private static final PlannedPolicy IN =
            policy("in", PolicyDirection.In, "10.20.2.0/24", "10.20.1.0/24", PolicyAction.Protect);
    private static final PlannedPolicy OVER_THE_API_SERVER =
            policy("everything", PolicyDirection.Out, "0.0.0.0/0", "0.0.0.0/0", PolicyAction.Discard);

    private static final PlannedSteering STEERING =
            new PlannedSteering("steer", "uid-steer", 1L, List.of("eth0"), "0-1", 2048, XdpMode.Auto);

    private static TestingApiServer server;

    @TempDir
    private static Path serverFolder;

    @TempDir
    private Path folder;

    private TestNode node;

    @BeforeAll
    static void startApiServer() throws IOException {
        Needs.root();
        Needs.program("ip");
        Needs.program("setpriv");
        server = TestingApiServer.start(TestNode.PROJECT, serverFolder);
        server.install(TestNode.AGENT);
    }

    @AfterAll
    static void stopApiServer() {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void makeNode() throws IOException {
        node = new TestNode("n1", folder, server);
    }

    @AfterEach
    void removeNode() {
        node.close();
        KubernetesClient client = server.client();
        client.resources(NodePlan.class).delete();
        client.resources(IPsecNode.class).delete();
    }

    private static PlannedPolicy policy(
            String name, PolicyDirection direction, String source, String destination, PolicyAction action) {
        return PlannedPolicyBuilder.builder()
                .withName(name)
                .withUid("uid-" + name)
                .withGeneration(1L)
                .withDirection(direction)
                .withSelectorSource(source)
                .withSelectorDestination(destination)
                .withProtocol("Any")
                .withAction(action)
                .withPriority(1000)
                // With a reqid of which no SA is declared, as where an IKE daemon makes them
                .withTemplate(
                        action == PolicyAction.Protect
                                ? PlannedPolicy.Template.esp(SaMode.Tunnel, "10.10.0.1", "10.10.0.2", 0x1000_0002L)
                                : null)
                .build();
    }

    private static PlannedSa sa(String name, SaDirection direction, long spi) {
        return PlannedSaBuilder.builder()
                .withName(name)
                .withUid("uid-" + name)
                .withGeneration(1L)
                .withDirection(direction)
                .withSource("10.10.0.1")
                .withDestination("10.10.0.2")
                .withSpi(spi)
                .withEncryption(
                        Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 128, new KeySecretRef("keys", name)))
                .withTerms(SaTermsBuilder.builder()
                        .withMode(SaMode.Tunnel)
                        .withReqid(0x1000_0001L)
                        .withReplayWindow(1024)
                        .withEsn(true)
                        .build())
                .build();
    }

    private void plan(List<PlannedSa> sas, List<PlannedPolicy> policies, List<PlannedSteering> steering) {
        NodePlan plan = new NodePlan();
        plan.setMetadata(new ObjectMetaBuilder()
                .withName("n1-0")
                .addToLabels(Api.NODE_LABEL, "n1")
                .build());
        plan.setSpec(new NodePlanSpec("n1", sas, policies, steering));
        server.client()
                .resource(plan)
                .fieldManager("ipsec-xdp-operator")
                .forceConflicts()
                .serverSideApply();
    }

    private static Optional<NodePlan> plan() {
        return Optional.ofNullable(
                server.client().resources(NodePlan.class).withName("n1-0").get());
    }

    private static NodePlanStatus status() {
        return plan().map(NodePlan::getStatus).orElseThrow();
    }

    private static IPsecNodeStatus nodeStatus() {
        return server.client().resources(IPsecNode.class).withName("n1").get().getStatus();
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions();
    }

    private static void awaitReported() {
        soon().untilAsserted(() -> assertThat(status().observedGeneration())
                .isEqualTo(plan().orElseThrow().getMetadata().getGeneration()));
    }

    private String programOn(String interfaceName) {
        Matcher id = Pattern.compile("prog/xdp id (\\d+)").matcher(node.ip("-details link show " + interfaceName));
        return id.find() ? id.group(1) : "none";
    }

    @Test
    void whatIsPlannedIsInForceReportedAndRepairedAndGoesWithAnEmptyPlan() throws IOException {
        node.ip("xfrm policy add src 192.0.2.0/24 dst 198.51.100.0/24 dir out");
        plan(
                List.of(sa("a", SaDirection.Out, 0x1000), sa("b", SaDirection.In, 0x2000)),
                List.of(OUT, IN, OVER_THE_API_SERVER),
                List.of(STEERING));

        try (RunningAgent agent = node.start()) {
            awaitReported();
            // The bypass goes in before the policy that covers the way to the API server
            soon().untilAsserted(() ->
                    assertThat(status().securityPolicies().get(2).state()).isEqualTo(EntryState.Installed));
            assertThat(node.ip("xfrm policy"))
                    .contains("src 10.20.1.0/24 dst 10.20.2.0/24", "src 10.20.2.0/24 dst 10.20.1.0/24")
                    .contains("src 0.0.0.0/0 dst 0.0.0.0/0", "dst 198.18.77.1/32 proto tcp dport");
            assertThat(status().securityPolicies().get(2).message()).contains("bypass", "198.18.77.1");
            assertThat(status().steering().getFirst().state()).isEqualTo(EntryState.Installed);
            assertThat(status().steering().getFirst().mode()).isEqualTo(XdpMode.Native);
            assertThat(programOn("eth0")).isNotEqualTo("none");
            // With ESP in the kernel the keys are missed, without it they are not even looked for
            assertThat(status().securityAssociations())
                    .allSatisfy(report ->
                            assertThat(report.reason()).isIn(Reason.Unsupported.name(), Reason.KeyMissing.name()));

            node.ip("xfrm policy delete src 10.20.1.0/24 dst 10.20.2.0/24 dir out");
            soon().untilAsserted(
                            () -> assertThat(node.ip("xfrm policy")).contains("src 10.20.1.0/24 dst 10.20.2.0/24"));

            plan(List.of(), List.of(), List.of());
            awaitReported();
            assertThat(node.ip("xfrm policy"))
                    .doesNotContain("10.20.")
                    .contains("src 192.0.2.0/24 dst 198.51.100.0/24");
            assertThat(programOn("eth0")).isEqualTo("none");
            assertThat(node.pins()).isEmpty();
            assertThat(agent.terminate()).isEqualTo(143);
        }
    }

    @Test
    void aPolicyWhosePacketsFindNoSaSaysSoAndTheNodeListsIt() throws IOException {
        node.ip("address add 10.20.1.1/24 dev lo");
        node.ip("route add 10.20.2.0/24 dev eth0 src 10.20.1.1");
        plan(List.of(), List.of(OUT, IN), List.of());

        try (RunningAgent agent = node.start()) {
            awaitReported();
            assertThat(status().securityPolicies())
                    .allSatisfy(report -> assertThat(report.reason()).isEqualTo(Reason.Installed.name()));

            node.send("10.20.2.9");
            soon().untilAsserted(() -> assertThat(
                            status().securityPolicies().getFirst().reason())
                    .isEqualTo(Reason.NoSecurityAssociation.name()));

            assertThat(status().securityPolicies().getFirst().state()).isEqualTo(EntryState.Installed);
            assertThat(status().securityPolicies().getFirst().message())
                    .contains("ESP in tunnel mode from 10.10.0.1 to 10.10.0.2 with reqid 268435458");
            assertThat(status().securityPolicies().getLast().reason()).isEqualTo(Reason.Installed.name());
            soon().untilAsserted(() -> assertThat(nodeStatus().acquires())
                    .singleElement()
                    .satisfies(acquire -> {
                        assertThat(acquire.policy()).isEqualTo("out");
                        assertThat(acquire.destination()).isEqualTo("10.20.2.9");
                        assertThat(acquire.protocol()).isEqualTo("UDP");
                        assertThat(acquire.times()).isEqualTo(1);
                    }));
            assertThat(agent.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void theNodeIsDescribedAndItsLeaseRenewed() throws IOException {
        plan(List.of(), List.of(), List.of(STEERING));

        try (RunningAgent agent = node.start()) {
            soon().untilAsserted(() -> assertThat(nodeStatus().steering()).isEqualTo("eth0:Native"));
            IPsecNodeStatus status = nodeStatus();
            assertThat(status.kernel()).isNotBlank();
            assertThat(status.boot()).contains("/");
            assertThat(status.cpus()).matches("[0-9,-]+");
            assertThat(status.securityAssociations()).isEqualTo("0/0");
            assertThat(status.interfaces())
                    .anySatisfy(link -> {
                        assertThat(link.name()).isEqualTo("eth0");
                        assertThat(link.addresses()).containsExactly("10.10.0.1");
                        assertThat(link.steering()).isEqualTo(XdpMode.Native);
                    })
                    .noneSatisfy(link -> assertThat(link.name()).isEqualTo("lo"));
            assertThat(status.conditions())
                    .extracting(Condition::type)
                    .containsExactly(Condition.READY, Condition.DEGRADED);

            ZonedDateTime first = renewed();
            soon().untilAsserted(() -> assertThat(renewed()).isAfter(first));
            assertThat(agent.log()).doesNotContain("ERROR");
        }
    }

    private static ZonedDateTime renewed() {
        return server.client()
                .leases()
                .inNamespace(Chart.RELEASE)
                .withName(Api.leaseName("n1"))
                .get()
                .getSpec()
                .getRenewTime();
    }

    @Test
    void aRestartIsNotFelt() throws IOException, InterruptedException {
        plan(List.of(), List.of(OUT, IN), List.of(STEERING));
        String index;
        try (RunningAgent agent = node.start()) {
            awaitReported();
            index = node.ip("-details xfrm policy");
            agent.terminate();
        }
        assertThat(node.ip("-details xfrm policy")).isEqualTo(index);
        assertThat(programOn("eth0")).isNotEqualTo("none");

        try (RunningAgent agent = node.start()) {
            soon().untilAsserted(() -> assertThat(agent.log()).contains("eth0 is steered", "adopted"));
            assertThat(node.ip("-details xfrm policy")).isEqualTo(index);
            agent.kill();
        }
        assertThat(node.ip("-details xfrm policy")).isEqualTo(index);
        assertThat(programOn("eth0")).isNotEqualTo("none");
    }

    @Test
    void aMissingPlanHolds() throws IOException, InterruptedException {
        plan(List.of(), List.of(OUT), List.of(STEERING));
        try (RunningAgent agent = node.start()) {
            awaitReported();
            server.client().resources(NodePlan.class).withName("n1-0").delete();
            awaitReportedThatNothingIsPlanned();
            assertEverythingIsThere();
            agent.terminate();
        }
        server.client().resources(IPsecNode.class).delete();
        try (RunningAgent agent = node.start()) {
            awaitReportedThatNothingIsPlanned();
            assertEverythingIsThere();
            assertThat(agent.log()).doesNotContain("ERROR");
        }
    }

    /** A round over SAD, SPD and interfaces came before. */
    private static void awaitReportedThatNothingIsPlanned() {
        soon().untilAsserted(() -> assertThat(nodeStatus().conditions())
                .filteredOn(condition -> condition.type().equals(Condition.READY))
                .extracting(Condition::message)
                .containsExactly("Nothing is planned."));
    }

    private void assertEverythingIsThere() {
        assertThat(node.ip("xfrm policy")).contains("src 10.20.1.0/24 dst 10.20.2.0/24");
        assertThat(programOn("eth0")).isNotEqualTo("none");
    }

    @Test
    void aStatusThatSomebodyOverwroteIsWrittenAgain() throws IOException, InterruptedException {
        plan(List.of(), List.of(OUT), List.of());
        try (RunningAgent agent = node.start()) {
            awaitReported();
            NodePlan overwritten = plan().orElseThrow();
            overwritten.setStatus(new NodePlanStatus(0L, "theirs", "9/9", null, null, null, null));
            server.client().resource(overwritten).subresource("status").update();

            soon().untilAsserted(() -> assertThat(status().installed()).isEqualTo("1/1"));
            agent.terminate();
        }
    }

    @Test
    void anInterfaceThatAppearsIsSteered() throws IOException {
        plan(
                List.of(),
                List.of(),
                List.of(new PlannedSteering(
                        "steer", "uid-steer", 1L, List.of("late0", "eth0"), "0-1", 2048, XdpMode.Auto)));
        try (RunningAgent agent = node.start()) {
            awaitReported();
            assertThat(status().steering().getFirst().reason()).isEqualTo(Reason.InterfaceNotFound.name());
            assertThat(status().steering().getLast().state()).isEqualTo(EntryState.Installed);

            node.addInterface("late0");
            soon().untilAsserted(() ->
                    assertThat(status().steering().getFirst().state()).isEqualTo(EntryState.Installed));
            assertThat(programOn("late0")).isNotEqualTo("none");

            node.ip("link delete late0");
            soon().untilAsserted(() ->
                    assertThat(status().steering().getFirst().reason()).isEqualTo(Reason.InterfaceNotFound.name()));
            assertThat(agent.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void withoutTheApiServerTheAgentHoldsAndRepairsAndThenReportsAgain() throws IOException {
        plan(List.of(), List.of(OUT), List.of());
        try (RunningAgent agent = node.start()) {
            awaitReported();

            node.gate().close();
            node.ip("xfrm policy deleteall");
            soon().untilAsserted(
                            () -> assertThat(node.ip("xfrm policy")).contains("src 10.20.1.0/24 dst 10.20.2.0/24"));

            node.gate().open();
            plan(List.of(), List.of(OUT, IN), List.of());
            awaitReported();
            assertThat(status().installed()).isEqualTo("2/2");
            assertThat(agent.terminate()).isEqualTo(143);
        }
    }

    /** Another network namespace cookie is another boot to the agent. */
    @Test
    void afterABootTheAgentProtectsWithoutTheApiServerAndThenFollowsThePlan() throws IOException, InterruptedException {
        plan(List.of(), List.of(OUT, IN, OVER_THE_API_SERVER), List.of());
        try (RunningAgent agent = node.start()) {
            soon().untilAsserted(() -> assertThat(status().installed()).isEqualTo("3/3"));
            agent.terminate();
        }
        node.gate().close();
        node.boot();
        assertThat(node.ip("xfrm policy")).doesNotContain("10.20.");

        try (RunningAgent agent = node.start()) {
            soon().untilAsserted(() -> assertThat(node.ip("xfrm policy"))
                    .contains("src 10.20.1.0/24 dst 10.20.2.0/24", "src 10.20.2.0/24 dst 10.20.1.0/24")
                    .contains("src 0.0.0.0/0 dst 0.0.0.0/0", "dst 198.18.77.1/32 proto tcp dport"));

            plan(List.of(), List.of(IN), List.of());
            node.gate().open();
            soon().untilAsserted(() -> assertThat(node.ip("xfrm policy"))
                    .doesNotContain("src 10.20.1.0/24 dst 10.20.2.0/24", "src 0.0.0.0/0 dst 0.0.0.0/0")
                    .contains("src 10.20.2.0/24 dst 10.20.1.0/24"));
            soon().untilAsserted(() -> assertThat(status().installed()).isEqualTo("1/1"));
            agent.terminate();
        }
    }

    /** The Lease goes on meanwhile, by a connection of its own. */
    @Test
    void aHalfOpenWatchOfThePlanIsFoundWithinAMinute() throws IOException {
        plan(List.of(), List.of(OUT), List.of());
        try (RunningAgent agent = node.start()) {
            awaitReported();

            node.gate().forget();
            plan(List.of(), List.of(OUT, IN), List.of());

            soon().untilAsserted(() -> assertThat(status().installed()).isEqualTo("2/2"));
            assertThat(agent.log()).contains("half open");
            assertThat(agent.terminate()).isEqualTo(143);
        }
    }

    @Test
    void cleanupRemovesWhatIsOursAndNothingElse() throws IOException {
        node.ip("xfrm policy add src 192.0.2.0/24 dst 198.51.100.0/24 dir out");
        plan(List.of(), List.of(OUT, IN), List.of(STEERING));
        try (RunningAgent agent = node.start()) {
            awaitReported();

            NetworkNamespace.Output refused = node.cleanup();
            assertThat(refused.exitCode()).isEqualTo(1);
            assertThat(refused.text()).contains("stop it first");
            agent.terminate();
        }

        node.gate().close();
        NetworkNamespace.Output cleaned = node.cleanup();

        assertThat(cleaned.exitCode()).isZero();
        assertThat(cleaned.text())
                .contains("removed the XDP program from eth0", "removed the policy out", "removed the policy in")
                .contains("3 removed, 0 left", "key ledger");
        assertThat(node.ip("xfrm policy")).doesNotContain("10.20.").contains("src 192.0.2.0/24 dst 198.51.100.0/24");
        assertThat(programOn("eth0")).isEqualTo("none");
        assertThat(node.pins()).isEmpty();
        assertThat(node.cleanup().text()).contains("0 removed, 0 left");
    }

    @Test
    void somebodyElsesPolicyIsNamedAndLeftAloneUntilItGoes() throws IOException {
        node.ip("xfrm policy add src 10.20.1.0/24 dst 10.20.2.0/24 dir out action block priority 7");
        plan(List.of(), List.of(OUT, IN), List.of());
        try (RunningAgent agent = node.start()) {
            awaitReported();
            assertThat(status().securityPolicies().getFirst().reason()).isEqualTo(Reason.ForeignEntry.name());
            assertThat(status().securityPolicies().getLast().state()).isEqualTo(EntryState.Installed);

            node.ip("xfrm policy delete src 10.20.1.0/24 dst 10.20.2.0/24 dir out");
            soon().untilAsserted(() -> assertThat(status().installed()).isEqualTo("2/2"));
            agent.terminate();
        }
    }
}
