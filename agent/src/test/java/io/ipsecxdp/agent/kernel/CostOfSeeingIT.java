package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.ipsecxdp.agent.node.PlanInformer;
import io.ipsecxdp.agent.report.AgentStatusWriter;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.SaTraffic;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often the objects are written that others watch, by a real API server, of an agent with a kernel in memory. */
class CostOfSeeingIT {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final int MINUTES = 10;

    @TempDir
    private Path folder;

    private final AtomicReference<Optional<StatusUpdate>> latest = new AtomicReference<>(Optional.empty());
    private final AtomicInteger planWrites = new AtomicInteger();
    private final AtomicInteger nodeWrites = new AtomicInteger();

    private TestingApiServer server;
    private KubernetesClient client;
    private SharedIndexInformer<NodePlan> plans;
    private SharedIndexInformer<IPsecNode> nodes;
    private AgentStatusWriter writer;
    private BusyNode node;
    private PlanInformer informer;

    @BeforeEach
    void start() throws IOException {
        server = TestingApiServer.start(PROJECT, folder.resolve("api"));
        server.install("ipsec-xdp-agent");
        client = server.client();
        NodePlan plan = new NodePlan();
        plan.setMetadata(new ObjectMetaBuilder()
                .withName("n1-0")
                .addToLabels(Api.NODE_LABEL, "n1")
                .build());
        plan.setSpec(BusyNode.plan());
        client.resource(plan).create();
        plans = client.resources(NodePlan.class).inform(new Writes<>(planWrites));
        nodes = client.resources(IPsecNode.class).inform(new Writes<>(nodeWrites));
        node = new BusyNode(folder.resolve("state"), this::told);
        writer = new AgentStatusWriter(client, "n1", Duration.ofHours(1), node.clock);
        informer = new PlanInformer(client, "n1", node.events::plansAre);
    }

    @AfterEach
    void end() {
        informer.close();
        node.close();
        writer.close();
        nodes.close();
        plans.close();
        server.close();
    }

    /** Counts them. */
    private record Writes<T extends HasMetadata>(AtomicInteger count) implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            count.incrementAndGet();
        }

        @Override
        public void onUpdate(T before, T now) {
            if (!before.getMetadata()
                    .getResourceVersion()
                    .equals(now.getMetadata().getResourceVersion())) {
                count.incrementAndGet();
            }
        }

        @Override
        public void onDelete(T object, boolean unknown) {
            count.incrementAndGet();
        }
    }

    private record Written(int plans, int nodes) {}

    private void told(StatusUpdate news) {
        latest.set(Optional.of(news));
        writer.tell(news);
    }

    private long packets() {
        return latest.get().filter(BusyNode::isInForce).map(BusyNode::packets).orElse(-1L);
    }

    private long shown() {
        return Optional.ofNullable(nodes.getStore().getByKey("n1"))
                .map(IPsecNode::getStatus)
                .map(IPsecNodeStatus::saTraffic)
                .map(SaTraffic::encryptedPackets)
                .orElse(-1L);
    }

    /** So that the IPsecNode shows it: all that was told before is written then, or left out, and counted. */
    private void burst(int packets) {
        node.traffic(packets);
        node.minute();
        node.await(() -> shown() > packets / 2);
        node.await(() -> isCounted(plans, "n1-0") && isCounted(nodes, "n1"));
    }

    private <T extends HasMetadata> boolean isCounted(SharedIndexInformer<T> informer, String name) {
        T seen = informer.getStore().getByKey(name);
        return seen.getMetadata()
                .getResourceVersion()
                .equals(client.resource(seen).get().getMetadata().getResourceVersion());
    }

    private Written during(int packetsPerMinute) {
        Written before = new Written(planWrites.get(), nodeWrites.get());
        for (int minute = 0; minute < MINUTES; minute++) {
            StatusUpdate last = latest.get().orElseThrow();
            long counted = packets();
            node.traffic(packetsPerMinute);
            node.minute();
            node.await(() -> latest.get().orElseThrow() != last && packets() >= counted + packetsPerMinute);
        }
        return new Written(planWrites.get() - before.plans(), nodeWrites.get() - before.nodes());
    }

    @Test
    void anAgentUnderTrafficWritesAsSeldomAsAnIdleOne() {
        node.await(() -> packets() == 0 && shown() == 0);
        burst(10_000);
        int plansBefore = planWrites.get();

        Written idle = during(0);
        Written busy = during(100);

        assertThat(idle).isEqualTo(new Written(0, 0));
        assertThat(busy).isEqualTo(idle);

        int nodesBefore = nodeWrites.get();
        burst(90_000);
        assertThat(planWrites.get()).isEqualTo(plansBefore);
        assertThat(nodeWrites.get()).isEqualTo(nodesBefore + 1);
    }
}
