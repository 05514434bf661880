package io.ipsecxdp.charts;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of rights in docs/security.md, each cell of which is tried: every verb, on every kind, by everybody. Agents have
 * the tokens of pods, as a kubelet would mount them, so that what tells one node from another takes part.
 */
class RightsIT {
    private static final String TABLE_BEGINS = "| Kind | Operator |";

    /** Who tries, in the order of the columns; agents are those of node {@code a}. */
    private static final List<String> COLUMNS = List.of(
            "Operator", "Agent, of its node", "Agent, of others", "`ipsec-xdp-view`", "`ipsec-xdp-admin`", "Others");

    private static final String NOTHING = "–";
    private static final String DELETE_NOTHING =
            "{\"apiVersion\": \"v1\", \"kind\": \"DeleteOptions\", \"dryRun\": [\"All\"]}";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static TestingApiServer server;
    private static final Map<String, KubernetesClient> WHO = new LinkedHashMap<>();
    private static final Map<String, Target> TARGETS = new LinkedHashMap<>();

    /**
     * A kind in a place.
     *
     * @param collection its path
     * @param own name of the object that is of node {@code a}
     * @param others name of one that is of node {@code b}; the same where objects are of no node
     * @param subresource such as {@code /status}, or nothing
     */
    private record Target(String collection, String own, String others, String subresource) {

        String name(String column) {
            return column.equals("Agent, of others") ? others : own;
        }

        Stream<String> verbs() {
            return subresource.isEmpty()
                    ? Stream.of("get", "list", "watch", "create", "update", "patch", "delete")
                    : Stream.of("get", "update", "patch");
        }
    }

    @BeforeAll
    static void anApiServerWithTheChartAndAnObjectOfEachKind(@TempDir Path folder) throws IOException {
        server = TestingApiServer.start(Project.ROOT, folder);
        for (String namespace : List.of(Chart.RELEASE, "ipsec-xdp-keys", "elsewhere")) {
            make("v1", "Namespace", "", namespace, "");
        }
        Project.CHART.render(Map.of()).stream()
                .filter(object -> !List.of("DaemonSet", "Deployment", "PodDisruptionBudget")
                        .contains(object.getKind()))
                .forEach(object -> server.client().resource(object).createOr(existing -> existing.update()));
        awaitServed();
        for (String node : List.of("a", "b")) {
            make("v1", "Node", "", node, "");
            make("ipsec-xdp.io/v1alpha1", "NodePlan", "", node, ", \"spec\": {\"node\": \"%s\"}".formatted(node));
            make("ipsec-xdp.io/v1alpha1", "IPsecNode", "", node, "");
            make(
                    "ipsec-xdp.io/v1alpha1",
                    "KeyShare",
                    "",
                    node,
                    ", \"spec\": {\"nodeUid\": \"%s\", \"boot\": \"boot\"}".formatted(node));
            make(
                    "ipsec-xdp.io/v1alpha1",
                    "TunnelPeers",
                    "",
                    node,
                    ", \"spec\": {\"tunnel\": \"%s\", \"uid\": \"%s\"}".formatted(node, node));
            make(
                    "coordination.k8s.io/v1",
                    "Lease",
                    Chart.RELEASE,
                    "ipsec-xdp-agent-" + node,
                    ", \"spec\": {\"holderIdentity\": \"%s\"}".formatted(node));
        }
        make(
                "coordination.k8s.io/v1",
                "Lease",
                Chart.RELEASE,
                "ipsec-xdp-operator",
                ", \"spec\": {\"holderIdentity\": \"a\"}");
        make("v1", "Secret", "ipsec-xdp-keys", "key", "");
        make("v1", "Secret", "elsewhere", "secret", "");
        declare("security-associations.yaml");
        declare("security-policies.yaml");
        declare("steering-policy.yaml");
        declare("variants/tunnel.yaml");
        targets();
        people();
    }

    private static void targets() {
        String ours = "/apis/ipsec-xdp.io/v1alpha1/";
        Map.of(
                        "SecurityAssociation", "securityassociations",
                        "SecurityPolicy", "securitypolicies",
                        "SteeringPolicy", "steeringpolicies",
                        "Tunnel", "tunnels")
                .forEach((kind, plural) -> {
                    String name = server.client()
                            .genericKubernetesResources("ipsec-xdp.io/v1alpha1", kind)
                            .list()
                            .getItems()
                            .getFirst()
                            .getMetadata()
                            .getName();
                    TARGETS.put(plural, new Target(ours + plural, name, name, ""));
                    TARGETS.put(plural + "/status", new Target(ours + plural, name, name, "/status"));
                });
        for (String kind : List.of("nodeplans", "ipsecnodes")) {
            TARGETS.put(kind, new Target(ours + kind, "a", "b", ""));
            TARGETS.put(kind + "/status", new Target(ours + kind, "a", "b", "/status"));
        }
        for (String kind : List.of("tunnelpeers", "keyshares")) {
            TARGETS.put(kind, new Target(ours + kind, "a", "b", ""));
        }
        String leases = "/apis/coordination.k8s.io/v1/namespaces/" + Chart.RELEASE + "/leases";
        TARGETS.put("leases of agents", new Target(leases, "ipsec-xdp-agent-a", "ipsec-xdp-agent-b", ""));
        TARGETS.put("lease of the operator", new Target(leases, "ipsec-xdp-operator", "ipsec-xdp-operator", ""));
        TARGETS.put("secrets of keys", new Target("/api/v1/namespaces/ipsec-xdp-keys/secrets", "key", "key", ""));
        TARGETS.put("secrets elsewhere", new Target("/api/v1/namespaces/elsewhere/secrets", "secret", "secret", ""));
        TARGETS.put("nodes", new Target("/api/v1/nodes", "a", "b", ""));
    }

    private static void people() {
        for (String role : List.of("view", "admin")) {
            server.client()
                    .resource(new ClusterRoleBindingBuilder()
                            .withNewMetadata()
                            .withName("test-" + role)
                            .endMetadata()
                            .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "ipsec-xdp-" + role)
                            .addNewSubject("rbac.authorization.k8s.io", "User", "of-" + role, null)
                            .build())
                    .create();
        }
        KubernetesClient agent = server.withToken(agentsToken(Optional.of("a")));
        List<KubernetesClient> clients = List.of(
                server.as("system:serviceaccount:ipsec-xdp:ipsec-xdp-operator"),
                agent,
                agent,
                server.as("of-view"),
                server.as("of-admin"),
                server.as("somebody"));
        for (int i = 0; i < COLUMNS.size(); i++) {
            WHO.put(COLUMNS.get(i), clients.get(i));
        }
        await("the admission policy is in force", () -> tryIt(agent, TARGETS.get("ipsecnodes"), "b", "patch") == 403);
    }

    @AfterAll
    static void stop() {
        WHO.values().stream().distinct().forEach(KubernetesClient::close);
        Optional.ofNullable(server).ifPresent(TestingApiServer::close);
    }

    /**
     * A line of the table.
     *
     * @param cells in the order of {@link #COLUMNS}
     */
    record Row(String kind, List<String> cells) {
        static Row of(String line) {
            List<String> cells =
                    Stream.of(line.split("\\|")).skip(1).map(String::strip).toList();
            return new Row(cells.getFirst().replace("`", ""), cells.subList(1, cells.size()));
        }
    }

    static List<Row> table() throws IOException {
        List<String> lines = Files.readAllLines(Project.ROOT.resolve("docs/security.md"));
        int begin = lines.stream()
                .map(line -> line.startsWith(TABLE_BEGINS))
                .toList()
                .indexOf(true);
        assertThat(begin).as("the table in docs/security.md").isPositive();
        assertThat(Row.of(lines.get(begin)).cells()).isEqualTo(COLUMNS);
        return lines.stream()
                .skip(begin + 2)
                .takeWhile(line -> line.startsWith("|"))
                .map(Row::of)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("table")
    void theApiServerDoesWhatTheTableSays(Row row) {
        assertThat(TARGETS).containsKey(row.kind());
        Target target = TARGETS.get(row.kind());
        List<String> allowed = new ArrayList<>();
        WHO.forEach((column, client) -> allowed.add(allowed(client, target, target.name(column))));
        assertThat(allowed).isEqualTo(row.cells());
    }

    @Test
    void theTableHasEveryKind() throws IOException {
        assertThat(table().stream().map(Row::kind)).containsExactlyInAnyOrderElementsOf(TARGETS.keySet());
    }

    @Test
    void aTokenThatNamesNoNodeWritesNothing() {
        try (KubernetesClient agent = server.withToken(agentsToken(Optional.empty()))) {
            assertThat(tryIt(agent, TARGETS.get("ipsecnodes"), "a", "patch")).isEqualTo(403);
            assertThat(tryIt(agent, TARGETS.get("leases of agents"), "ipsec-xdp-agent-a", "patch"))
                    .isEqualTo(403);
            assertThat(tryIt(agent, TARGETS.get("nodeplans/status"), "a", "patch"))
                    .isEqualTo(403);
            assertThat(tryIt(agent, TARGETS.get("keyshares"), "a", "patch")).isEqualTo(403);
        }
    }

    @Test
    void anAgentDoesNotSpeakForAnotherInItsOwnLease() throws IOException {
        String leases = TARGETS.get("leases of agents").collection();
        var answer = send(
                WHO.get("Agent, of its node"),
                leases + "/ipsec-xdp-agent-a?dryRun=All",
                "PATCH",
                "application/merge-patch+json",
                "{\"spec\": {\"holderIdentity\": \"b\"}}");

        assertThat(answer.code()).isEqualTo(403);
        assertThat(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8))
                .contains("an agent writes the Lease of its own node only, which is a");
    }

    @Test
    void anAgentDoesNotWriteTheKeysOfAnotherNode() throws IOException {
        var answer = send(
                WHO.get("Agent, of its node"),
                TARGETS.get("keyshares").collection() + "/b?dryRun=All",
                "PATCH",
                "application/merge-patch+json",
                "{\"spec\": {\"boot\": \"another\"}}");

        assertThat(answer.code()).isEqualTo(403);
        assertThat(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8))
                .contains("an agent writes the KeyShare of its own node only, which is a");
    }

    private static String allowed(KubernetesClient client, Target target, String name) {
        String verbs = target.verbs()
                .filter(verb -> tryIt(client, target, name, verb) != 403)
                .collect(joining(", "));
        return verbs.isEmpty() ? NOTHING : verbs;
    }

    /** The status of the answer; nothing is changed by it. */
    private static int tryIt(KubernetesClient client, Target target, String name, String verb) {
        String object = target.collection() + "/" + name + target.subresource();
        var answer = switch (verb) {
            case "get" -> send(client, object, "GET", null, null);
            case "list" -> send(client, target.collection(), "GET", null, null);
            case "watch" -> send(client, target.collection() + "?watch=1&timeoutSeconds=1", "GET", null, null);
            case "create" ->
                send(client, target.collection() + "?dryRun=All", "POST", "application/json", fresh(target, name));
            case "update" ->
                send(client, object + "?dryRun=All", "PUT", "application/json", body(target.collection() + "/" + name));
            case "patch" ->
                send(
                        client,
                        object + "?dryRun=All",
                        "PATCH",
                        "application/merge-patch+json",
                        "{\"metadata\": {\"labels\": {\"tried\": \"yes\"}}}");
            // Without a body the client would send a GET, and with one the API server takes no options from the query
            case "delete" -> send(client, object, "DELETE", "application/json", DELETE_NOTHING);
            default -> throw new AssertionError(verb);
        };
        // What is there already can be created as far as rights go
        assertThat(answer.code()).as("%s %s", verb, object).isIn(200, 201, 202, 403, 409);
        return answer.code();
    }

    private static String fresh(Target target, String name) {
        return body(target.collection() + "/" + name).replaceAll("\"resourceVersion\":\"[0-9]+\",?", "");
    }

    private static String body(String path) {
        return server.client().raw(path);
    }

    private static HttpResponse<InputStream> send(
            KubernetesClient client, String path, String method, String type, String body) {
        var request = client.getHttpClient()
                .newHttpRequestBuilder()
                .uri(client.getMasterUrl().toString().replaceAll("/$", "") + path)
                .method(method, type, body)
                .build();
        try {
            return client.getHttpClient()
                    .sendAsync(request, InputStream.class)
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static String agentsToken(Optional<String> node) {
        var request = new TokenRequestBuilder().withNewSpec();
        node.ifPresent(name -> {
            var pod = server.client()
                    .pods()
                    .inNamespace(Chart.RELEASE)
                    .resource(new PodBuilder()
                            .withNewMetadata()
                            .withName("agent-on-" + name)
                            .endMetadata()
                            .withNewSpec()
                            .withNodeName(name)
                            .withServiceAccountName("ipsec-xdp-agent")
                            .addNewContainer()
                            .withName("agent")
                            .withImage("agent")
                            .endContainer()
                            .endSpec()
                            .build())
                    .create();
            request.withNewBoundObjectRef()
                    .withApiVersion("v1")
                    .withKind("Pod")
                    .withName(pod.getMetadata().getName())
                    .withUid(pod.getMetadata().getUid())
                    .endBoundObjectRef();
        });
        return server.client()
                .serviceAccounts()
                .inNamespace(Chart.RELEASE)
                .withName("ipsec-xdp-agent")
                .tokenRequest(request.endSpec().build())
                .getStatus()
                .getToken();
    }

    /** @param rest further members, each after a comma */
    private static void make(String version, String kind, String namespace, String name, String rest) {
        String metadata = "{\"name\": \"%s\"%s}"
                .formatted(name, namespace.isEmpty() ? "" : ", \"namespace\": \"" + namespace + "\"");
        HasMetadata object = server.client()
                .getKubernetesSerialization()
                .unmarshal("{\"apiVersion\": \"%s\", \"kind\": \"%s\", \"metadata\": %s%s}"
                        .formatted(version, kind, metadata, rest));
        server.client().resource(object).createOr(existing -> existing.update());
    }

    private static void declare(String example) throws IOException {
        try (InputStream yaml =
                Files.newInputStream(Project.ROOT.resolve("examples").resolve(example))) {
            server.client().load(yaml).items().stream()
                    .filter(object -> object.getApiVersion().startsWith("ipsec-xdp.io/"))
                    .forEach(object -> server.client().resource(object).create());
        }
    }

    private static void awaitServed() {
        for (String kind : List.of(
                "securityassociations",
                "securitypolicies",
                "steeringpolicies",
                "tunnels",
                "nodeplans",
                "tunnelpeers",
                "keyshares",
                "ipsecnodes")) {
            await(kind + " are served", () -> {
                try {
                    return body("/apis/ipsec-xdp.io/v1alpha1/" + kind) != null;
                } catch (RuntimeException e) {
                    return false;
                }
            });
        }
    }

    private static void await(String what, java.util.function.BooleanSupplier happened) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!happened.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            try {
                Thread.sleep(200);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }
    }
}
