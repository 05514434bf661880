package io.ipsecxdp.agent.report;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.ipsecxdp.agent.node.Failures;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.time.Backoff;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanStatus;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/** Writes the statuses of this node's NodePlans and its IPsecNode: the newest, and only what changed. */
public final class AgentStatusWriter implements AutoCloseable {

    /** Of server-side apply. */
    public static final String FIELD_MANAGER = "ipsec-xdp-agent";

    private static final PatchContext APPLY = new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager(FIELD_MANAGER)
            .withForce(true)
            .build();

    private static final Logger LOG = Logger.getLogger(AgentStatusWriter.class);

    /** How often it is looked whether the IPsecNode still says what was written. */
    public static final Duration LOOK_AGAIN = Duration.ofMinutes(2);

    /**
     * What was written into a plan.
     *
     * @param shown what the plan showed then, or has shown since: the watch may be behind
     */
    private record Written(NodePlanStatus status, Optional<NodePlanStatus> shown) {

        Written seen(Optional<NodePlanStatus> now) {
            return now.equals(Optional.of(status)) ? new Written(status, now) : this;
        }

        /** The plan shows something else than was written, and not what it showed before. */
        boolean isNews(Optional<NodePlanStatus> now) {
            return !now.equals(Optional.of(status)) && !now.equals(shown);
        }
    }

    /**
     * Everything that is to be told.
     *
     * @param sas of those in force; for metrics, in no status
     */
    public record StatusUpdate(PlanReport report, NodeSummary node, List<SaFigures> sas) {}

    private final KubernetesClient client;
    private final String node;
    private final Clock clock;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("status").factory());
    private final AtomicReference<StatusUpdate> newest = new AtomicReference<>();
    private final Map<String, Written> written = new HashMap<>();
    private final Throttle<NodeSummary.Traffic> traffic = new Throttle<>(NodeSummary.Traffic::figures);
    private Optional<IPsecNodeStatus> writtenNode = Optional.empty();
    private Optional<StatusUpdate> last = Optional.empty();
    private boolean nodeOwned;
    private boolean nodeLost;
    private Backoff retry = Backoff.between(Duration.ofMillis(500), Duration.ofSeconds(30));

    /** @param lookAgain how often it is looked whether the IPsecNode still says what was written */
    public AgentStatusWriter(KubernetesClient client, String node, Duration lookAgain, Clock clock) {
        this.client = client;
        this.node = node;
        this.clock = clock;
        thread.scheduleWithFixedDelay(
                this::lookAgain, lookAgain.toMillis(), lookAgain.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Never blocks; what was not written yet is replaced by the newer. */
    public void tell(StatusUpdate news) {
        if (newest.getAndSet(news) == null) {
            thread.execute(this::write);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void write() {
        StatusUpdate news = newest.getAndSet(null);
        if (news == null) {
            return;
        }
        try {
            writeSlices(news.report());
            writeNode(news.node());
            retry = retry.succeeded();
            last = Optional.of(news);
        } catch (KubernetesClientException e) {
            if (retry.due().isEmpty()) {
                LOG.warnf("The status cannot be written and is tried again: %s", Failures.cause(e));
            }
            again(news);
        } catch (RuntimeException e) {
            LOG.error("The status cannot be written and is tried again", e);
            again(news);
        }
    }

    private void again(StatusUpdate news) {
        Instant now = clock.instant();
        retry = retry.failed(now);
        newest.compareAndSet(null, news);
        long pause = Duration.between(now, retry.due().orElseThrow()).toMillis();
        thread.schedule(this::write, pause, TimeUnit.MILLISECONDS);
    }

    /** The IPsecNode is not watched; somebody may have deleted it, or have written into it. */
    private void lookAgain() {
        try {
            Optional<IPsecNode> there = Optional.ofNullable(
                    client.resources(IPsecNode.class).withName(node).get());
            nodeOwned &= there.isPresent();
            nodeLost = writtenNode
                    .filter(mine -> !isShown(mine, there.map(IPsecNode::getStatus)))
                    .isPresent();
            if (nodeLost) {
                LOG.warnf("The IPsecNode %s does not say what this agent wrote, and is written again", node);
                last.filter(old -> newest.compareAndSet(null, old)).ifPresent(old -> write());
            }
        } catch (RuntimeException e) {
            LOG.debug("The IPsecNode cannot be read", e);
        }
    }

    /** Whether the API server shows what was written: what was empty is left out, and is read as absent. */
    private boolean isShown(Object mine, Optional<?> there) {
        KubernetesSerialization serialization = client.getKubernetesSerialization();
        return there.map(serialization::asJson)
                .filter(serialization.asJson(mine)::equals)
                .isPresent();
    }

    private void writeSlices(PlanReport report) {
        Set<String> present = new HashSet<>();
        for (Slice slice : report.slices()) {
            present.add(slice.uid());
            Instant now = clock.instant();
            Optional<Written> before = Optional.ofNullable(written.get(slice.uid()));
            Optional<NodePlanStatus> previous = before.map(Written::status).or(slice::status);
            NodePlanStatus status = report.status(slice, previous, now);
            boolean overwritten = before.filter(mine -> mine.isNews(slice.status()))
                    .filter(mine -> !isShown(mine.status(), slice.status()))
                    .isPresent();
            if (overwritten || !previous.equals(Optional.of(status))) {
                writeSlice(slice, status);
                written.put(slice.uid(), new Written(status, slice.status()));
            } else {
                written.put(
                        slice.uid(),
                        before.orElse(new Written(status, slice.status())).seen(slice.status()));
            }
        }
        written.keySet().retainAll(present);
    }

    private void writeSlice(Slice slice, NodePlanStatus status) {
        NodePlan plan = new NodePlan();
        // With the uid, a plan that was deleted meanwhile is not made again
        plan.setMetadata(new ObjectMetaBuilder()
                .withName(slice.name())
                .withUid(slice.uid())
                .build());
        plan.setStatus(status);
        try {
            client.resource(plan).subresource("status").patch(APPLY);
        } catch (KubernetesClientException e) {
            boolean gone = e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
                    || e.getCode() == HttpURLConnection.HTTP_CONFLICT && isGone(slice);
            if (!gone) {
                throw e;
            }
        }
    }

    /** Another one of the same name is another one. Agents may list plans, and not get one. */
    private boolean isGone(Slice slice) {
        return client.resources(NodePlan.class).withField("metadata.name", slice.name()).list().getItems().stream()
                .noneMatch(plan -> plan.getMetadata().getUid().equals(slice.uid()));
    }

    private void writeNode(NodeSummary summary) {
        Instant now = clock.instant();
        IPsecNodeStatus status = summary.status(
                traffic.show(summary.traffic(), now),
                writtenNode.map(IPsecNodeStatus::conditions).orElseGet(this::conditionsBefore),
                now);
        if (!nodeOwned) {
            makeNode();
        }
        if (nodeLost || !writtenNode.equals(Optional.of(status))) {
            IPsecNode object = new IPsecNode();
            object.setMetadata(named());
            object.setStatus(status);
            try {
                client.resource(object).subresource("status").patch(APPLY);
                writtenNode = Optional.of(status);
                nodeLost = false;
            } catch (KubernetesClientException e) {
                // Somebody deleted it, or with the Node it was collected
                nodeOwned = nodeOwned && e.getCode() != HttpURLConnection.HTTP_NOT_FOUND;
                throw e;
            }
        }
    }

    private List<Condition> conditionsBefore() {
        IPsecNode before = client.resources(IPsecNode.class).withName(node).get();
        return before == null || before.getStatus() == null
                ? List.of()
                : before.getStatus().conditions();
    }

    private void makeNode() {
        ObjectMeta metadata = named();
        Optional<OwnerReference> owner = owner();
        owner.ifPresent(reference -> metadata.setOwnerReferences(List.of(reference)));
        IPsecNode object = new IPsecNode();
        object.setMetadata(metadata);
        client.resource(object).fieldManager(FIELD_MANAGER).forceConflicts().serverSideApply();
        nodeOwned = owner.isPresent();
    }

    private Optional<OwnerReference> owner() {
        return Optional.ofNullable(client.nodes().withName(node).get())
                .map(object -> new OwnerReferenceBuilder()
                        .withApiVersion(object.getApiVersion())
                        .withKind(object.getKind())
                        .withName(object.getMetadata().getName())
                        .withUid(object.getMetadata().getUid())
                        .build());
    }

    private ObjectMeta named() {
        return new ObjectMetaBuilder().withName(node).build();
    }
}
