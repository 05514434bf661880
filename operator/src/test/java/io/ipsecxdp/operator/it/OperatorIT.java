package io.ipsecxdp.operator.it;

import static io.ipsecxdp.operator.it.Declarations.cpu;
import static io.ipsecxdp.operator.it.Declarations.host;
import static io.ipsecxdp.operator.it.Declarations.node;
import static io.ipsecxdp.operator.it.Declarations.nodeAt;
import static io.ipsecxdp.operator.it.Declarations.policy;
import static io.ipsecxdp.operator.it.Declarations.sa;
import static io.ipsecxdp.operator.it.Declarations.steering;
import static io.ipsecxdp.operator.it.Declarations.tunnel;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBindingBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.KeyUseOnNode;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.crds.TunnelStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator as it is shipped against a real API server; the test plays the agents. */
class OperatorIT {
    private static final List<Class<? extends CustomResource<?, ? extends DeclaredStatus>>> DECLARED =
            List.of(SecurityAssociation.class, SecurityPolicy.class, SteeringPolicy.class, Tunnel.class);
    private static final String STARTUP_TAINT = "ipsec-xdp.io/agent-not-ready";
    private static final Map<String, String> SETTINGS = Map.of(
            "IPSEC_XDP_OPERATOR_TAINT", "true",
            "IPSEC_XDP_OPERATOR_LEADER_ELECTION_LEASE_DURATION", "3s",
            "IPSEC_XDP_OPERATOR_LEADER_ELECTION_RENEW_DEADLINE", "2s",
            "IPSEC_XDP_OPERATOR_LEADER_ELECTION_RETRY_PERIOD", "200ms");

    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

    private static TestingApiServer server;
    private static KubernetesClient client;
    private static PlayedAgent n1;
    private static PlayedAgent n2;
    private static OperatorProcess operator;

    @BeforeAll
    static void anApiServerTwoNodesAndAnOperator(@TempDir Path folder) throws Exception {
        server = TestingApiServer.start(PROJECT, folder);
        server.install(OperatorProcess.ACCOUNT, Map.of("taint", Map.of("enabled", true)));
        client = server.client();
        operator = OperatorProcess.start("operator", server, SETTINGS);
        TimeUnit.SECONDS.sleep(2);
        n1 = PlayedAgent.start(client, "n1", "0-3", "10.0.0.1");
        n2 = PlayedAgent.start(client, "n2", "0-3", "10.0.0.2");
    }

    @AfterAll
    static void stop() {
        Stream.of(operator, n1, n2, server).filter(Objects::nonNull).forEach(part -> {
            try {
                part.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @AfterEach
    void nothingIsDeclaredAndNothingIsPlanned() {
        DECLARED.forEach(kind -> client.resources(kind).delete());
        soon().untilAsserted(() -> assertThat(plans())
                .allSatisfy((name, plan) -> assertThat(entries(plan)).as(name).isEmpty()));
    }

    @Test
    void metricsAreForWhoMayReadThemAndHealthForAll() throws Exception {
        String reader = server.token(server.installMetricsReader());

        soon().ignoreExceptions()
                .until(() -> operator.scraped().read(Optional.empty()).statusCode() == 401);
        assertThat(operator.scraped()
                        .read(Optional.of(server.token("stranger")))
                        .statusCode())
                .isEqualTo(403);
        var answer = operator.scraped().read(Optional.of(reader));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("ipsecxdp_reconciles_seconds_count");
        assertThat(operator.probe("/health/live")).isEqualTo(200);
        assertThat(List.of(operator.probe("/metrics"), operator.probe("/q/metrics")))
                .as("at the port for the kubelet")
                .containsOnly(404);
    }

    @Test
    void thePageIsForWhoMaySeeItWithATokenThatIsGoodForNothingElse() {
        String reader = server.installPageReader();
        String audience = "ipsec-xdp-page";
        String token = server.token(reader, audience);

        assertThat(page("/", Optional.empty())).isEqualTo(200);
        assertThat(page("/data.json", Optional.empty())).isEqualTo(401);
        assertThat(page("/data.json", Optional.of(server.token(reader))))
                .as("a token for the API server")
                .isEqualTo(401);
        assertThat(page("/data.json", Optional.of(server.token("stranger", audience))))
                .isEqualTo(403);
        assertThat(page("/data.json", Optional.of(token))).isEqualTo(200);
        try (var client = server.withToken(token)) {
            assertThatExceptionOfType(KubernetesClientException.class)
                    .isThrownBy(() -> client.nodes().list())
                    .matches(refused -> refused.getCode() == 401);
        }

        apply(sa("east", cpu("n1", 0), cpu("n2", 1), 4096));
        soon().ignoreExceptions().untilAsserted(() -> {
            JsonNode data = json("/data.json", token);
            assertThat(data.at("/nodes"))
                    .extracting(node -> node.at("/name").asText())
                    .contains("n1", "n2");
            assertThat(data.at("/kinds"))
                    .filteredOn(kind -> kind.at("/kind").asText().equals("SecurityAssociation"))
                    .singleElement()
                    .satisfies(kind -> assertThat(kind.at("/total").asInt()).isEqualTo(1))
                    .satisfies(kind -> assertThat(kind.at("/notReady").asInt()).isZero());
            assertThat(json("/nodes/n1", token).at("/sas/0/spi").asInt()).isEqualTo(4096);
        });
    }

    private static int page(String path, Optional<String> token) {
        return operator.page(path, token).orElseThrow().statusCode();
    }

    private static JsonNode json(String path, String token) {
        return Serialization.unmarshal(
                operator.page(path, Optional.of(token)).orElseThrow().body(), JsonNode.class);
    }

    @Test
    void whatIsAppliedIsPlannedReportedAndReady() {
        apply(
                sa("east", cpu("n1", 0), cpu("n2", 1), 4096),
                policy("flow", "n1", "n2", "10.20.1.0/24", "10.20.2.0/24"),
                steering("all", "n2", "0-1", "eth0"));

        soon().untilAsserted(() -> assertThat(readiness())
                .isEqualTo(Map.of("east", "True Installed", "flow", "True Installed", "all", "True Installed")));
        var status = client.resources(SecurityAssociation.class)
                .withName("east")
                .get()
                .getStatus();
        assertThat(status.source()).isEqualTo("10.0.0.1");
        assertThat(status.destination()).isEqualTo("10.0.0.2");
        assertThat(status.desiredNodes()).isEqualTo(2);
        assertThat(status.readyNodes()).isEqualTo(2);
        var plan = client.resources(NodePlan.class).withName("n1-0").get();
        assertThat(plan.getMetadata().getOwnerReferences())
                .singleElement()
                .satisfies(owner -> assertThat(owner.getUid())
                        .isEqualTo(client.nodes()
                                .withName("n1")
                                .get()
                                .getMetadata()
                                .getUid()));
        assertThat(plan.getMetadata().getLabels()).containsEntry("ipsec-xdp.io/node", "n1");
        assertThat(operator.metric(
                        "ipsecxdp_objects{kind=\"SecurityAssociation\",ready=\"True\",reason=\"Installed\"}"))
                .isEqualTo(1);
    }

    @Test
    void badInputIsAConditionOfTheObjectConcernedAndOfNoOther() {
        apply(
                sa("good", node("n1"), node("n2"), 4096),
                policy("good-flow", "n1", "n2", "10.20.1.0/24", "10.20.2.0/24"),
                steering("good-steering", "n1", null, "eth0"));
        readySoon("good", "good-flow", "good-steering");
        n1.fail("key-missing", "KeyMissing", "there is no Secret keys in ipsec-xdp-keys: create it");

        apply(
                sa("same-spi", host("192.0.2.1"), node("n2"), 4096),
                sa("same-key", node("n2"), node("n1"), 5000, "key-of-good"),
                sa("no-node", node("n1"), node("n9"), 5001),
                sa("others-address", nodeAt("n1", "10.0.0.2"), host("192.0.2.1"), 5002),
                sa("node-as-host", node("n1"), host("10.0.0.2"), 5003),
                sa("no-cpu", node("n1"), cpu("n2", 7), 5004),
                sa("no-ipv6", node("n1"), host("2001:db8::1"), 5005),
                sa("key-missing", node("n1"), node("n2"), 5006),
                policy("same-selector", "n1", "n2", "10.20.1.0/24", "10.20.2.0/24"),
                steering("same-interface", "n1", null, "eth0"),
                steering("no-such-cpu", "n2", "0-9", "eth1"),
                steering("nowhere", "n9", null, "eth0"),
                sa("also-good", node("n2"), node("n1"), 5007));

        soon().untilAsserted(() -> assertThat(readiness())
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("good", "True Installed"),
                        Map.entry("good-flow", "True Installed"),
                        Map.entry("good-steering", "True Installed"),
                        Map.entry("also-good", "True Installed"),
                        Map.entry("same-spi", "False DuplicateSpi"),
                        Map.entry("same-key", "False KeyUsedTwice"),
                        Map.entry("no-node", "False NodeNotFound"),
                        Map.entry("others-address", "False AddressNotOnNode"),
                        Map.entry("node-as-host", "False AddressOfNode"),
                        Map.entry("no-cpu", "False CpuNotOnNode"),
                        Map.entry("no-ipv6", "False NoAddressOfFamily"),
                        Map.entry("key-missing", "False KeyMissing"),
                        Map.entry("same-selector", "False DuplicateSelector"),
                        Map.entry("same-interface", "False InterfaceTaken"),
                        Map.entry("no-such-cpu", "False CpuNotOnNode"),
                        Map.entry("nowhere", "False NoNodeSelected"))));
        assertThat(message("same-spi")).contains("good");
        assertThat(message("key-missing")).isEqualTo("node n1: there is no Secret keys in ipsec-xdp-keys: create it");
        assertThat(plans().values().stream().flatMap(plan -> entries(plan).stream()))
                .containsOnly("good", "good-flow", "good-steering", "also-good", "key-missing");

        n1.recover("key-missing");
        client.resources(SecurityAssociation.class).withName("good").delete();
        client.resources(SteeringPolicy.class).withName("good-steering").delete();
        client.resources(SecurityPolicy.class).withName("good-flow").delete();
        var n9 = PlayedAgent.start(client, "n9", "0", "10.0.0.9");
        try {
            readySoon("key-missing", "same-spi", "same-key", "no-node", "same-selector", "same-interface", "nowhere");
        } finally {
            DECLARED.forEach(kind -> client.resources(kind).delete());
            n9.close();
            client.nodes().withName("n9").delete();
        }
    }

    @Test
    void aPeriodWithoutAChangeWritesNothing() throws InterruptedException {
        apply(
                sa("east", node("n1"), node("n2"), 4096),
                policy("flow", "n1", "n2", null, null),
                steering("all", "n1", null, "eth0"));
        readySoon("east", "flow", "all");
        var before = versions();
        var generations = generations();
        double reconciles = operator.metric("ipsecxdp_reconciles_seconds_count");

        for (int round = 1; round <= 6; round++) {
            n1.renewLease(Duration.ofHours(1));
            n1.sumUp("%d/6".formatted(round));
            n2.sumUp("%d/6".formatted(round));
            n1.reportFacts("0-3", round, "10.0.0.1");
            TimeUnit.MILLISECONDS.sleep(300);
        }

        assertThat(versions()).as("statuses").isEqualTo(before);
        assertThat(generations()).as("plans").isEqualTo(generations);
        assertThat(operator.metric("ipsecxdp_reconciles_seconds_count"))
                .as("renewed Leases, counters and sums are no reason to reconcile")
                .isEqualTo(reconciles);
    }

    @Test
    void aRestartChangesNothing() throws InterruptedException {
        apply(
                sa("east", node("n1"), node("n2"), 4096),
                policy("flow", "n1", "n2", null, null),
                steering("all", "n1", null, "eth0"),
                sa("lost", node("n1"), node("n8"), 4097));
        readySoon("east", "flow", "all");
        var before = versions();
        var plans = planVersions();
        int events = events().size();

        assertThat(operator.terminate()).as("exit code, see its log").isIn(0, 143);
        operator = OperatorProcess.start("operator-restarted", server, SETTINGS);
        soon().untilAsserted(() ->
                assertThat(operator.metric("ipsecxdp_reconciles_seconds_count")).isPositive());
        TimeUnit.SECONDS.sleep(1);

        assertThat(versions()).isEqualTo(before);
        assertThat(planVersions()).isEqualTo(plans);
        assertThat(events()).hasSize(events);
    }

    @Test
    void whatChangesWhileItIsAwayIsDoneWhenItIsBack() {
        apply(sa("east", node("n1"), node("n2"), 4096), sa("west", node("n2"), node("n1"), 4096));
        readySoon("east", "west");

        operator.terminate();
        client.resources(SecurityAssociation.class).withName("east").delete();
        apply(sa("new", node("n1"), node("n2"), 4097));
        assertThat(statusOf("new").observedGeneration())
                .as("no tool takes what the operator has not seen for done")
                .isEqualTo(-1);
        operator = OperatorProcess.start("operator-back", server, SETTINGS);

        readySoon("west", "new");
        soon().untilAsserted(() -> assertThat(plans().values().stream().flatMap(plan -> entries(plan).stream()))
                .containsOnly("west", "new"));
    }

    @Test
    void whatIsAppliedAgainChangesNothingAndAnEarlierCommitIsWhatItWas() throws InterruptedException {
        HasMetadata[] commit = {
            sa("east", node("n1"), node("n2"), 4096),
            policy("flow", "n1", "n2", "10.20.1.0/24", "10.20.2.0/24"),
            steering("all", "n2", "0-1", "eth0"),
            tunnel("mesh", "n1", "n2")
        };
        apply(commit);
        readySoon("east", "flow", "all");
        soon().until(() -> readiness().containsKey("mesh"));
        TimeUnit.SECONDS.sleep(1);
        var before = versions();
        var plans = planVersions();

        apply(commit);
        TimeUnit.SECONDS.sleep(1);

        assertThat(versions()).isEqualTo(before);
        assertThat(planVersions()).isEqualTo(plans);

        assertThat(steeredCpus()).containsExactly("0-1");
        apply(steering("all", "n2", "2", "eth0"));
        soon().untilAsserted(() -> assertThat(steeredCpus()).containsExactly("2"));
        apply(commit);
        soon().untilAsserted(() -> assertThat(steeredCpus()).containsExactly("0-1"));
        readySoon("east", "flow", "all");
    }

    @Test
    void whoseAgentIsSilentIsUnknownUntilItSpeaksAgain() {
        apply(sa("east", node("n1"), node("n2"), 4096), sa("west", node("n1"), host("192.0.2.1"), 4097));
        readySoon("east", "west");
        var before = generations();

        n2.renewLease(Duration.ofSeconds(2));
        soon().untilAsserted(() -> assertThat(readiness())
                .isEqualTo(Map.of("east", "Unknown AgentNotReporting", "west", "True Installed")));
        assertThat(message("east")).contains("n2", "ipsec-xdp-agent");

        n2.renewLease(Duration.ofHours(1));
        readySoon("east", "west");
        assertThat(generations()).as("silence is no order").isEqualTo(before);
    }

    @Test
    void ofTwoOperatorsOneLeadsAndTheOtherTakesOver() {
        try (var other = OperatorProcess.start("second-operator", server, SETTINGS)) {
            apply(sa("east", node("n1"), node("n2"), 4096));
            readySoon("east");
            assertThat(other.metric("ipsecxdp_reconciles_seconds_count"))
                    .as("it does not lead")
                    .isZero();

            operator.kill();
            apply(sa("west", node("n2"), node("n1"), 4096));

            readySoon("east", "west");
            assertThat(other.metric("ipsecxdp_reconciles_seconds_count")).isPositive();
        }
        operator = OperatorProcess.start("operator-after-the-second", server, SETTINGS);
    }

    @Test
    void aSenderGetsAnSaOnlyWhenItsReceiverHasIt() {
        n2.fail("east", "KeyMissing", "there is no Secret");
        apply(sa("east", node("n1"), node("n2"), 4096));
        soon().until(() -> readiness().get("east").equals("False KeyMissing"));
        assertThat(plans().values().stream()
                        .filter(plan -> plan.getSpec().node().equals("n1"))
                        .flatMap(plan -> entries(plan).stream()))
                .isEmpty();

        n2.recover("east");
        readySoon("east");
        assertThat(client.resources(SecurityAssociation.class)
                        .withName("east")
                        .get()
                        .getStatus()
                        .keyUsedOn())
                .extracting(KeyUseOnNode::node)
                .containsExactlyInAnyOrder("n1", "n2");
    }

    /** The same name, SPI and key, and another object: its former goes from both ends first. */
    @Test
    void anSaThatIsDeclaredAgainAtOnceWaitsUntilItsFormerIsGoneFromBothEnds() {
        apply(sa("east", node("n1"), node("n2"), 4096));
        readySoon("east");
        String former = uid("east");
        var seen = new CopyOnWriteArrayList<Set<String>>();
        var watching = client.resources(NodePlan.class).inform(telling(seen));
        try {
            n1.close();
            client.resources(SecurityAssociation.class).withName("east").delete();
            apply(sa("east", node("n1"), node("n2"), 4096));
            String later = uid("east");

            soon().until(() -> readiness().get("east").equals("False StillBeingRemoved"));
            soon().untilAsserted(() -> assertThat(seen.getLast()).containsExactly("n2 In " + former));

            n1 = PlayedAgent.start(client, "n1", "0-3", "10.0.0.1");
            readySoon("east");
            soon().untilAsserted(() ->
                    assertThat(seen.getLast()).containsExactlyInAnyOrder("n1 Out " + later, "n2 In " + later));
            assertThat(seen)
                    .as("plans one after the other")
                    .noneMatch(plans -> plans.contains("n1 Out " + later) && !plans.contains("n2 In " + later))
                    .noneMatch(plans -> plans.contains("n1 Out " + former) && !plans.contains("n2 In " + former));
        } finally {
            watching.close();
        }
    }

    /** Tells what is planned for SAs, after each change of a plan. */
    private static ResourceEventHandler<NodePlan> telling(List<Set<String>> seen) {
        var plans = new HashMap<>(plans());
        Consumer<NodePlan> told = changed -> {
            plans.put(changed.getMetadata().getName(), changed);
            seen.add(plans.values().stream()
                    .flatMap(plan -> plan.getSpec().securityAssociations().stream()
                            .map(sa -> "%s %s %s".formatted(plan.getSpec().node(), sa.direction(), sa.uid())))
                    .collect(toSet()));
        };
        return new ResourceEventHandler<>() {
            @Override
            public void onAdd(NodePlan plan) {
                told.accept(plan);
            }

            @Override
            public void onUpdate(NodePlan before, NodePlan plan) {
                told.accept(plan);
            }

            @Override
            public void onDelete(NodePlan plan, boolean unknown) {}
        };
    }

    private static String uid(String sa) {
        return client.resources(SecurityAssociation.class)
                .withName(sa)
                .get()
                .getMetadata()
                .getUid();
    }

    @Test
    void aPlanThatSomebodyChangedIsPutRight() {
        apply(sa("east", node("n1"), node("n2"), 4096));
        readySoon("east");

        client.resources(NodePlan.class).withName("n1-0").edit(plan -> {
            plan.getMetadata().getLabels().clear();
            plan.setSpec(new NodePlanSpec("n1", List.of(), List.of(), List.of()));
            return plan;
        });

        soon().untilAsserted(() -> assertThat(entries(plans().get("n1-0"))).containsExactly("east"));
        soon().untilAsserted(() ->
                assertThat(plans().get("n1-0").getMetadata().getLabels()).containsEntry("ipsec-xdp.io/node", "n1"));
    }

    @Test
    void aPlanThatCannotBeWrittenStopsNoOtherAndIsWrittenLater() {
        var refusal = new ValidatingAdmissionPolicyBuilder()
                .withNewMetadata()
                .withName("no-plan-for-n1")
                .endMetadata()
                .withNewSpec()
                .withNewMatchConstraints()
                .addNewResourceRule()
                .withApiGroups("ipsec-xdp.io")
                .withApiVersions("*")
                .withOperations("CREATE", "UPDATE")
                .withResources("nodeplans")
                .endResourceRule()
                .endMatchConstraints()
                .addNewValidation()
                .withExpression("object.spec.node != 'n1'")
                .withMessage("refused by the test")
                .endValidation()
                .endSpec()
                .build();
        var binding = new ValidatingAdmissionPolicyBindingBuilder()
                .withNewMetadata()
                .withName("no-plan-for-n1")
                .endMetadata()
                .withNewSpec()
                .withPolicyName("no-plan-for-n1")
                .withValidationActions("Deny")
                .endSpec()
                .build();
        client.resource(refusal).serverSideApply();
        client.resource(binding).serverSideApply();
        try {
            soon().until(() -> refuses("n1"));
            apply(sa("for-n1", node("n1"), host("192.0.2.1"), 4096), sa("for-n2", node("n2"), host("192.0.2.1"), 4097));

            soon().untilAsserted(() -> assertThat(readiness())
                    .isEqualTo(Map.of("for-n2", "True Installed", "for-n1", "False Installing")));
        } finally {
            client.resource(binding).delete();
            client.resource(refusal).delete();
        }
        readySoon("for-n1", "for-n2");
    }

    @Test
    void anEventTellsOfAChangeOfReadinessOnce() throws InterruptedException {
        int before = events().size();
        n2.fail("east", "KeyMissing", "there is no Secret keys in ipsec-xdp-keys: create it");
        apply(sa("east", node("n1"), node("n2"), 4096));
        soon().until(() -> readiness().get("east").equals("False KeyMissing"));
        n2.recover("east");
        readySoon("east");
        n1.sumUp("17/17");
        TimeUnit.MILLISECONDS.sleep(500);

        var told = events();
        assertThat(told.subList(before, told.size()))
                .extracting(event -> "%s %s %s %s"
                        .formatted(
                                event.getType(),
                                event.getReason(),
                                event.getRegarding().getKind(),
                                event.getRegarding().getName()))
                .containsExactlyInAnyOrder(
                        "Warning KeyMissing SecurityAssociation east", "Normal Installed SecurityAssociation east");
    }

    @Test
    void anEventTellsOnceThatANodeIsDegradedAndOnceThatItIsWell() throws InterruptedException {
        int before = events().size();
        for (String since : List.of("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")) {
            n2.reportHealth("0-3", degraded(Condition.Status.False, "Installed", since), "10.0.0.2");
            TimeUnit.MILLISECONDS.sleep(500);
        }
        for (String since : List.of("2026-01-01T00:02:00Z", "2026-01-01T00:03:00Z")) {
            n2.reportHealth("0-3", degraded(Condition.Status.True, "UnknownSpi", since), "10.0.0.2");
            TimeUnit.MILLISECONDS.sleep(500);
        }
        n2.reportHealth("0-3", degraded(Condition.Status.False, "Installed", "2026-01-01T00:04:00Z"), "10.0.0.2");

        soon().untilAsserted(() -> assertThat(events()).hasSize(before + 2));
        assertThat(events().subList(before, before + 2))
                .extracting(event -> "%s %s %s %s"
                        .formatted(
                                event.getType(),
                                event.getReason(),
                                event.getRegarding().getKind(),
                                event.getRegarding().getName()))
                .containsExactly("Warning UnknownSpi IPsecNode n2", "Normal Installed IPsecNode n2");
    }

    @Test
    void aTunnelIsJoinedByItsNodesAndLeftByThem() {
        apply(tunnel("pods", "n1", "n2"));
        readySoon("pods");
        soon().untilAsserted(() -> assertThat(status("pods"))
                .extracting(TunnelStatus::pairs, TunnelStatus::desiredNodes, TunnelStatus::oldestKey, TunnelStatus::mtu)
                .containsExactly("1/1", 2, "2026-01-01T00:00:00Z", 1446));
        assertThat(peersOf("pods")).containsExactly("n1", "n2");
        var before = client.resources(TunnelPeers.class).withName("pods-0").get();
        assertThat(before.getMetadata().getLabels()).containsEntry("ipsec-xdp.io/tunnel", "pods");

        var n3 = PlayedAgent.start(client, "n3", "0-3", "10.0.0.3");
        try {
            apply(tunnel("pods", "n1", "n2", "n3"));
            soon().untilAsserted(() -> assertThat(status("pods").pairs()).isEqualTo("3/3"));
            assertThat(peersOf("pods")).containsExactly("n1", "n2", "n3");

            n2.mute(true);
            apply(tunnel("pods", "n1", "n2"));
            soon().untilAsserted(() -> assertThat(message("pods")).contains("node n3", "Waits for node n2"));
            assertThat(peersOf("pods")).containsExactly("n1", "n2", "n3");

            n2.mute(false);
            readySoon("pods");
            assertThat(peersOf("pods")).containsExactly("n1", "n2");
            soon().untilAsserted(() -> assertThat(plans().values().stream()
                            .filter(plan -> plan.getSpec().node().equals("n3"))
                            .flatMap(plan -> entries(plan).stream()))
                    .isEmpty());
        } finally {
            n2.mute(false);
            n3.close();
            client.nodes().withName("n3").delete();
        }

        client.resources(Tunnel.class).withName("pods").delete();
        soon().untilAsserted(() -> assertThat(
                        client.resources(TunnelPeers.class).list().getItems())
                .isEmpty());
    }

    @Test
    void anAgentThatKnowsNoTunnelsIsNamedAndNobodysPeer() {
        n2.knowsTunnels(false);
        try {
            apply(tunnel("pods", "n1", "n2"));
            soon().untilAsserted(() -> assertThat(readiness()).containsEntry("pods", "False Unsupported"));
            assertThat(message("pods")).contains("node n2", "upgrade the agents");
            assertThat(peersOf("pods")).doesNotContain("n2");
        } finally {
            n2.knowsTunnels(true);
        }
        readySoon("pods");
    }

    /** While somebody else puts taints before it, so that its index is another one each time. */
    @Test
    void theStartupTaintGoesWhenThePoliciesOfTheNodeAreInForceAndNoOtherTaintDoes() throws InterruptedException {
        var n4 = PlayedAgent.start(client, "n4", "0", "10.0.0.4");
        client.nodes()
                .withName("n4")
                .edit(node -> new NodeBuilder(node)
                        .editSpec()
                        .addNewTaint("NoSchedule", STARTUP_TAINT, null, null)
                        .addNewTaint("NoSchedule", "one-of-others", null, "value")
                        .addNewTaint("NoExecute", STARTUP_TAINT, null, null)
                        .endSpec()
                        .build());
        try {
            n4.fail("flow", "KernelRefused", "the kernel refused");
            apply(policy("flow", "n1", "n4", "10.20.1.0/24", "10.20.4.0/24"));
            soon().until(() -> readiness().get("flow").equals("False KernelRefused"));
            client.nodes()
                    .withName("n4")
                    .editStatus(node -> new NodeBuilder(node)
                            .editStatus()
                            .withNewNodeInfo()
                            .withBootID("boot")
                            .endNodeInfo()
                            .endStatus()
                            .build());
            TimeUnit.SECONDS.sleep(1);
            var before = taints("n4");
            assertThat(before)
                    .filteredOn(taint -> taint.getKey().equals(STARTUP_TAINT))
                    .hasSize(2);

            n4.recover("flow");
            var others = new ArrayList<>(before);
            others.removeIf(taint -> taint.getKey().equals(STARTUP_TAINT));
            for (int i = 0; i < 50; i++) {
                var taint = new Taint("PreferNoSchedule", "other-" + i, null, null);
                client.nodes().withName("n4").patch(PatchContext.of(PatchType.JSON), """
                        [{"op": "add", "path": "/spec/taints/0", "value": %s}]""".formatted(
                                Serialization.asJson(taint)));
                others.addFirst(taint);
            }

            soon().untilAsserted(() -> assertThat(taints("n4")).isEqualTo(others));
        } finally {
            nothingIsDeclaredAndNothingIsPlanned();
            n4.close();
            client.nodes().withName("n4").delete();
        }
    }

    private static List<Taint> taints(String node) {
        return client.nodes().withName(node).get().getSpec().getTaints();
    }

    @Test
    void ofTwoTunnelsForTheSamePodsTheSecondSaysWhoHasThem() {
        apply(tunnel("pods", "n1", "n2"));
        readySoon("pods");
        apply(tunnel("same", "n1", "n2"));

        soon().untilAsserted(() -> assertThat(readiness()).containsEntry("same", "False TrafficTaken"));
        assertThat(message("same")).contains("Tunnel pods");
        assertThat(readiness()).containsEntry("pods", "True Installed");
    }

    private static TunnelStatus status(String tunnel) {
        return client.resources(Tunnel.class).withName(tunnel).get().getStatus();
    }

    private static List<String> peersOf(String tunnel) {
        return client.resources(TunnelPeers.class).list().getItems().stream()
                .filter(peers -> peers.getSpec().tunnel().equals(tunnel))
                .flatMap(peers -> peers.getSpec().peers().stream())
                .map(TunnelPeer::node)
                .toList();
    }

    private static Condition degraded(Condition.Status status, String reason, String since) {
        return new Condition(Condition.DEGRADED, status, null, since, reason, "since " + since);
    }

    @Test
    void whatIsInForceAndImpairedIsToldAsAWarning() {
        int before = events().size();
        n1.impair("flow", "NoSecurityAssociation", "the node has no SA");
        apply(policy("flow", "n1", "n2", "10.20.1.0/24", "10.20.2.0/24"));

        soon().until(() -> readiness().get("flow").equals("True NoSecurityAssociation"));
        soon().untilAsserted(() -> assertThat(events().subList(before, events().size()))
                .extracting(event -> event.getType() + " " + event.getReason())
                .contains("Warning NoSecurityAssociation"));
        n1.recover("flow");
        readySoon("flow");
    }

    @Test
    void aFullSliceWithTheLongestNamesIsFarFromTheLimitOfEtcd() {
        int count = 101;
        String longName = "n".repeat(249);
        for (int i = 0; i < count; i++) {
            apply(sa(longName + "-%03d".formatted(i), node("n1"), host("192.0.2.1"), 5000 + i, "key-%d".formatted(i)));
        }
        within(60)
                .untilAsserted(() -> assertThat(readiness().values())
                        .hasSize(count)
                        .allMatch(ready -> ready.equals("True Installed")));

        var slices = plans().values().stream()
                .filter(plan -> plan.getSpec().node().equals("n1"))
                .toList();
        assertThat(slices).hasSize(2);
        int largest = slices.stream()
                .mapToInt(plan -> Serialization.asJson(plan).getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElseThrow();
        assertThat(largest).isLessThan(1024 * 1024);
    }

    private static boolean refuses(String node) {
        try {
            var plan = new NodePlan();
            plan.setMetadata(new ObjectMetaBuilder().withName("probe").build());
            plan.setSpec(new NodePlanSpec(node, List.of(), List.of(), List.of()));
            client.resource(plan).dryRun().create();
            return false;
        } catch (KubernetesClientException e) {
            return e.getMessage().contains("refused by the test");
        }
    }

    private static void apply(HasMetadata... objects) {
        for (var object : objects) {
            client.resource(object).fieldManager("kubectl").serverSideApply();
        }
    }

    private static void readySoon(String... names) {
        soon().untilAsserted(() -> assertThat(readiness())
                .containsAllEntriesOf(Stream.of(names).collect(toMap(name -> name, name -> "True Installed"))));
    }

    private static ConditionFactory soon() {
        return within(20);
    }

    private static ConditionFactory within(int seconds) {
        return await().atMost(Duration.ofSeconds(seconds)).pollInterval(Duration.ofMillis(50));
    }

    private static Map<String, String> readiness() {
        return declared().collect(toMap(object -> object.getMetadata().getName(), OperatorIT::readinessOf));
    }

    private static String readinessOf(CustomResource<?, ? extends DeclaredStatus> object) {
        return ready(object)
                .map(condition -> condition.status() + " " + condition.reason())
                .orElse("none");
    }

    private static DeclaredStatus statusOf(String name) {
        return declared()
                .filter(object -> object.getMetadata().getName().equals(name))
                .<DeclaredStatus>map(object -> object.getStatus())
                .findFirst()
                .orElseThrow();
    }

    private static String message(String name) {
        return declared()
                .filter(object -> object.getMetadata().getName().equals(name))
                .flatMap(object -> ready(object).stream())
                .map(Condition::message)
                .findFirst()
                .orElseThrow();
    }

    private static Optional<Condition> ready(CustomResource<?, ? extends DeclaredStatus> object) {
        return Optional.ofNullable(object.getStatus()).stream()
                .flatMap(status -> status.conditions().stream())
                .filter(condition -> condition.type().equals(Condition.READY))
                .findFirst();
    }

    private static Stream<? extends CustomResource<?, ? extends DeclaredStatus>> declared() {
        return DECLARED.stream().flatMap(kind -> client.resources(kind).list().getItems().stream());
    }

    private static Map<String, String> versions() {
        return declared()
                .collect(toMap(
                        object -> object.getKind() + " " + object.getMetadata().getName(),
                        object -> object.getMetadata().getResourceVersion()));
    }

    private static Map<String, NodePlan> plans() {
        return client.resources(NodePlan.class).list().getItems().stream()
                .collect(toMap(plan -> plan.getMetadata().getName(), plan -> plan));
    }

    private static Map<String, String> planVersions() {
        return plans().values().stream()
                .collect(toMap(
                        plan -> plan.getMetadata().getName(),
                        plan -> plan.getMetadata().getResourceVersion()));
    }

    private static Map<String, Long> generations() {
        return plans().values().stream()
                .collect(toMap(
                        plan -> plan.getMetadata().getName(),
                        plan -> plan.getMetadata().getGeneration()));
    }

    private static List<String> entries(NodePlan plan) {
        return Stream.of(
                        plan.getSpec().securityAssociations().stream().map(PlannedSa::name),
                        plan.getSpec().securityPolicies().stream().map(policy -> policy.name()),
                        plan.getSpec().steering().stream().map(steering -> steering.name()),
                        plan.getSpec().tunnels().stream().map(tunnel -> tunnel.name()))
                .flatMap(names -> names)
                .distinct()
                .toList();
    }

    private static List<String> steeredCpus() {
        return plans().values().stream()
                .flatMap(plan -> plan.getSpec().steering().stream())
                .map(steering -> steering.cpus())
                .toList();
    }

    private static List<Event> events() {
        return client.events().v1().events().inNamespace("default").list().getItems().stream()
                .sorted(Comparator.comparing(
                        event -> Long.parseLong(event.getMetadata().getResourceVersion())))
                .toList();
    }
}
