package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.SaTraffic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the writer asks of the API server, by the words on the wire: answers that a real one gives seldom. */
class AgentStatusWriterTest {

    private static final String PLANS = "/apis/ipsec-xdp.io/v1alpha1/nodeplans";
    private static final String PLAN = PLANS + "/n1-0";
    private static final String NODE = "/apis/ipsec-xdp.io/v1alpha1/ipsecnodes/n1";

    private final ObjectMapper json = new ObjectMapper();
    private final Map<String, String> objects = new ConcurrentHashMap<>();
    private final Queue<Integer> refusals = new ConcurrentLinkedQueue<>();
    private final List<String> patched = new CopyOnWriteArrayList<>();
    private HttpApi api;
    private AgentStatusWriter writer;

    @BeforeEach
    void start() throws IOException {
        api = new HttpApi(this::answer);
        writer = new AgentStatusWriter(api.client(), "n1", Duration.ofMillis(100), Clock.systemUTC());
        objects.put(PLAN, plan("uid"));
    }

    @AfterEach
    void stop() {
        writer.close();
        api.close();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String of = path.replaceFirst("/status$", "");
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        switch (exchange.getRequestMethod()) {
            case "PATCH" -> {
                patched.add(path);
                Integer refusal = path.equals(PLAN + "/status") ? refusals.poll() : null;
                if (refusal == null && (objects.containsKey(of) || !path.endsWith("/status"))) {
                    objects.put(of, body);
                    HttpApi.respond(exchange, 200, body);
                } else {
                    HttpApi.respond(
                            exchange, refusal == null ? 404 : refusal, "{\"kind\":\"Status\",\"apiVersion\":\"v1\"}");
                }
            }
            default -> {
                String object = path.equals(PLANS) ? plans() : objects.get(path);
                HttpApi.respond(
                        exchange, object == null ? 404 : 200, object == null ? "{\"kind\":\"Status\"}" : object);
            }
        }
    }

    private String plans() {
        return "{\"apiVersion\":\"ipsec-xdp.io/v1alpha1\",\"kind\":\"NodePlanList\",\"items\":[%s]}"
                .formatted(objects.getOrDefault(PLAN, ""));
    }

    private static String plan(String uid) {
        return "{\"apiVersion\":\"ipsec-xdp.io/v1alpha1\",\"kind\":\"NodePlan\",\"metadata\":{\"name\":\"n1-0\",\"uid\":\"%s\"}}"
                .formatted(uid);
    }

    private void tell(Optional<NodePlanStatus> shown) {
        writer.tell(update(shown));
    }

    /** About a node n1 and its plan n1-0. */
    static AgentStatusWriter.StatusUpdate update(Optional<NodePlanStatus> shown) {
        Slice slice = new Slice("n1-0", "uid", 7, new NodePlanSpec("n1", List.of(), List.of(), List.of()), shown);
        PlanReport report = new PlanReport(
                "boot",
                List.of(slice),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Set.of(),
                List.of(),
                List.of(),
                Map.of());
        return new AgentStatusWriter.StatusUpdate(
                report,
                new NodeSummary(
                        "7.3",
                        "boot",
                        "0.1",
                        new NodeInfo(
                                CpuList.parse("0-1"), Map.of(), 0, new ApiServerWay(Set.of(), Set.of(), 32768, 60999)),
                        new NodeCapabilities(true, List.of(), List.of(), true, true, true, true, true),
                        Map.of(),
                        "0/0",
                        new StateCounts(),
                        new NodeSummary.Traffic(
                                new SaTraffic(0L, 0L, 0L, 0L),
                                0,
                                0,
                                List.of(),
                                0,
                                Optional.empty(),
                                List.of(),
                                List.of(),
                                List.of(),
                                List.of()),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        Optional.empty(),
                        Optional.empty()),
                List.of());
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20));
    }

    private long writes(String path) {
        return patched.stream().filter(path::equals).count();
    }

    /** By now the writer has done all that it was told: it writes the node after the plans. */
    private NodePlanStatus written(int times) throws IOException {
        soon().untilAsserted(() -> {
            assertThat(writes(PLAN + "/status")).isEqualTo(times);
            assertThat(objects.getOrDefault(NODE, "")).contains("kernel");
        });
        return json.treeToValue(json.readTree(objects.get(PLAN)).get("status"), NodePlanStatus.class);
    }

    @Test
    void aConflictThatIsNotAboutTheUidIsTriedAgain() throws IOException {
        refusals.add(409);

        tell(Optional.empty());

        assertThat(written(2).observedGeneration()).isEqualTo(7);
    }

    @Test
    void aPlanThatIsAnotherByNowIsNotWrittenTo() throws IOException {
        objects.put(PLAN, plan("another"));
        refusals.add(409);

        tell(Optional.empty());

        soon().until(() -> objects.containsKey(NODE));
        assertThat(objects.get(PLAN)).isEqualTo(plan("another"));
        assertThat(writes(PLAN + "/status")).isEqualTo(1);
    }

    @Test
    void aPlanThatIsGoneKeepsNothingElseFromBeingWritten() {
        objects.remove(PLAN);

        tell(Optional.empty());

        soon().until(() -> objects.getOrDefault(NODE, "").contains("kernel"));
        assertThat(objects).doesNotContainKey(PLAN);
    }

    @Test
    void whatSomebodyWroteOverItIsWrittenAgain() throws IOException {
        tell(Optional.empty());
        NodePlanStatus mine = written(1);
        tell(Optional.of(mine));

        tell(Optional.of(new NodePlanStatus(6L, "theirs", "9/9", null, null, null, null)));

        assertThat(written(2)).isEqualTo(mine);
    }

    @Test
    void aWatchThatIsBehindIsNotTakenForSomebody() throws IOException {
        tell(Optional.empty());
        NodePlanStatus mine = written(1);

        tell(Optional.empty());
        tell(Optional.of(mine));

        await().during(Duration.ofMillis(500)).until(() -> writes(PLAN + "/status") == 1);
    }

    @Test
    void anIPsecNodeThatIsDeletedIsMadeAgain() throws IOException {
        tell(Optional.empty());
        written(1);

        objects.remove(NODE);

        soon().until(() -> objects.getOrDefault(NODE, "").contains("kernel"));
    }

    @Test
    void anIPsecNodeThatSomebodyWroteOverIsWrittenAgainAndOneThatIsAsItWasIsNot() throws IOException {
        tell(Optional.empty());
        written(1);
        String mine = objects.get(NODE);
        await().during(Duration.ofMillis(500)).until(() -> writes(NODE + "/status") == 1);

        objects.put(NODE, mine.replace("\"7.3\"", "\"theirs\""));

        soon().untilAsserted(() -> assertThat(objects.get(NODE)).isEqualTo(mine));
    }
}
