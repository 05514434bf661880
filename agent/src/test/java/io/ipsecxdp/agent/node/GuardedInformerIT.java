package io.ipsecxdp.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent hears of a real API server whose etcd is put back to a backup. */
class GuardedInformerIT {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final String NODE = "n1";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int VERSIONS_THAT_ARE_LOST = 100;

    @TempDir
    private Path folder;

    private final AtomicReference<List<String>> heard = new AtomicReference<>(List.of());
    private TestingApiServer server;
    private KubernetesClient client;
    private PlanInformer informer;

    @BeforeEach
    void anAgentThatListens() throws Exception {
        server = TestingApiServer.start(PROJECT, folder);
        server.install("ipsec-xdp-agent");
        client = server.client();
        informer = new PlanInformer(
                client,
                NODE,
                slices -> heard.set(slices.stream().map(Slice::name).sorted().toList()));
    }

    @AfterEach
    void stop() {
        informer.close();
        server.close();
    }

    @Test
    void theAgentHearsWhatIsThereAlthoughVersionsWentBack() throws Exception {
        create("n1-0");
        awaitHeard("n1-0");
        server.backUp();

        client.resources(NodePlan.class).withName("n1-0").delete();
        for (int version = 0; version < VERSIONS_THAT_ARE_LOST; version++) {
            create("n1-lost");
            client.resources(NodePlan.class).withName("n1-lost").delete();
        }
        create("n1-lost");
        awaitHeard("n1-lost");
        server.restore();
        create("n1-1");

        awaitHeard("n1-0", "n1-1");
        client.resources(NodePlan.class).withName("n1-0").delete();
        awaitHeard("n1-1");
    }

    private void create(String name) {
        NodePlan plan = new NodePlan();
        plan.setMetadata(new ObjectMetaBuilder()
                .withName(name)
                .addToLabels(Api.NODE_LABEL, Api.nodeLabel(NODE))
                .build());
        plan.setSpec(new NodePlanSpec(NODE, List.of(), List.of(), List.of()));
        client.resource(plan).create();
    }

    private void awaitHeard(String... names) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard.get()).containsExactly(names));
    }
}
