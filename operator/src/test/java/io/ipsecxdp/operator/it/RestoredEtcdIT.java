package io.ipsecxdp.operator.it;

import static io.ipsecxdp.operator.it.Declarations.node;
import static io.ipsecxdp.operator.it.Declarations.sa;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.SecurityAssociation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator when etcd is put back to a backup under it: resourceVersions go back, and objects with them. */
class RestoredEtcdIT {
    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

    /** One that leads leaves when the API server is away for long; one that waits to lead does not. */
    private static final Map<String, String> SETTINGS = Map.of("IPSEC_XDP_OPERATOR_LEADER_ELECTION_ENABLED", "false");

    /** An operator that starts takes most of it on a machine that is busy. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int VERSIONS_THAT_ARE_LOST = 300;
    private static final int REFUSED_AT_MOST = 10;

    @TempDir
    private Path folder;

    private TestingApiServer server;
    private KubernetesClient client;
    private final List<PlayedAgent> agents = new ArrayList<>();
    private final List<OperatorProcess> operators = new ArrayList<>();

    @BeforeEach
    void anApiServerTwoNodesAndAnOperator() throws Exception {
        server = TestingApiServer.start(PROJECT, folder);
        server.install(OperatorProcess.ACCOUNT);
        client = server.client();
        startOperator();
        startAgents();
    }

    @AfterEach
    void stop() {
        operators.forEach(OperatorProcess::close);
        agents.forEach(PlayedAgent::close);
        server.close();
    }

    @Test
    void whatTheRestoredObjectsAskForIsOrderedSoonAndWithoutManyRefusals() throws Exception {
        apply(sa("east", node("n1"), node("n2"), 4096), sa("west", node("n2"), node("n1"), 4097));
        plannedSoon("east", "west");
        server.backUp();

        delete("west");
        apply(sa("forgotten", node("n1"), node("n2"), 4098));
        plannedSoon("east", "forgotten");
        for (int version = 0; version < VERSIONS_THAT_ARE_LOST; version++) {
            apply(new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName("version")
                    .withNamespace("default")
                    .endMetadata()
                    .addToData("version", Integer.toString(version))
                    .build());
        }
        // Its entries are to go some seconds from now, when etcd is another one
        delete("east");
        agents.forEach(PlayedAgent::close);
        server.restore();
        startAgents();
        apply(sa("new", node("n1"), node("n2"), 4099));

        plannedSoon("east", "west", "new");
        assertThat(refusals()).as("writes refused").isLessThanOrEqualTo(REFUSED_AT_MOST);
        assertThat(operators).as("it has left once at most").hasSizeLessThanOrEqualTo(2);
    }

    private void startAgents() {
        agents.clear();
        agents.add(PlayedAgent.start(client, "n1", "0-3", "10.0.0.1"));
        agents.add(PlayedAgent.start(client, "n2", "0-3", "10.0.0.2"));
    }

    private void startOperator() {
        operators.add(OperatorProcess.start("restored-etcd-" + operators.size(), server, SETTINGS));
    }

    /** Both nodes have these SAs in their plans and no others. */
    private void plannedSoon(String... names) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            asAKubelet();
            assertThat(planned()).isEqualTo(Map.of("n1", Set.of(names), "n2", Set.of(names)));
        });
    }

    /** What has left is started again. */
    private void asAKubelet() {
        if (!operators.getLast().isRunning()) {
            startOperator();
        }
    }

    private long refusals() {
        return operators.stream()
                .flatMap(operator -> operator.log().lines())
                .filter(line -> line.contains("cannot write"))
                .count();
    }

    private Map<String, Set<String>> planned() {
        return client.resources(NodePlan.class).list().getItems().stream()
                .collect(Collectors.groupingBy(
                        plan -> plan.getSpec().node(),
                        Collectors.flatMapping(
                                plan -> plan.getSpec().securityAssociations().stream()
                                        .map(PlannedSa::name),
                                Collectors.toSet())));
    }

    private void apply(HasMetadata... objects) {
        for (var object : objects) {
            client.resource(object).fieldManager("kubectl").serverSideApply();
        }
    }

    private void delete(String name) {
        client.resources(SecurityAssociation.class).withName(name).delete();
    }
}
