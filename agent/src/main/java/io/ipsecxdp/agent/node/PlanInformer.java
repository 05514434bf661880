package io.ipsecxdp.agent.node;

import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.NodePlan;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Watches the NodePlans of this node. A watch may be half open, when a load balancer forgot the connection: nothing comes
 * any more, and nothing says so. Therefore a second, short watch asks now and then for what came since the last news; it
 * costs the API server no list, and next to nothing where all is well.
 */
public final class PlanInformer implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(PlanInformer.class);

    /** So that never more than a few of them are there as JSON and as values at once. */
    private static final long SLICES_IN_AN_ANSWER = 4;

    private static final int LOOK_SECONDS = 30;

    /** What the second watch tells at once, the first one has by then. */
    private static final int PATIENCE_SECONDS = 5;

    private final KubernetesClient client;
    private final String node;
    private final Consumer<List<Slice>> listener;
    private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("plan watch").factory());
    private volatile boolean known;
    private volatile SharedIndexInformer<NodePlan> informer;

    /**
     * Begins to watch, in the background and for as long as it takes.
     *
     * @param listener gets all slices whenever one changed, for the first time when all are known
     */
    public PlanInformer(KubernetesClient client, String node, Consumer<List<Slice>> listener) {
        this.client = client;
        this.node = node;
        this.listener = listener;
        this.informer = begin();
        looking.scheduleWithFixedDelay(this::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    public boolean known() {
        return known;
    }

    @Override
    public void close() {
        looking.shutdownNow();
        informer.stop();
    }

    private SharedIndexInformer<NodePlan> begin() {
        SharedIndexInformer<NodePlan> begun =
                plans().withLimit(SLICES_IN_AN_ANSWER).runnableInformer(0);
        Runnable tell = () -> {
            if (begun.hasSynced()) {
                known = true;
                listener.accept(slices(begun.getStore().list()));
            }
        };
        begun.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(NodePlan plan) {
                tell.run();
            }

            @Override
            public void onUpdate(NodePlan before, NodePlan after) {
                tell.run();
            }

            @Override
            public void onDelete(NodePlan plan, boolean finalStateUnknown) {
                tell.run();
            }
        });
        // A node without a plan, an API server that is down, a CRD that is not there yet: all pass
        begun.exceptionHandler((started, failure) -> true);
        begun.start().thenRun(tell);
        return begun;
    }

    private FilterWatchListDeletable<NodePlan, KubernetesResourceList<NodePlan>, Resource<NodePlan>> plans() {
        return client.resources(NodePlan.class).withLabel(Api.NODE_LABEL, Api.nodeLabel(node));
    }

    private void look() {
        SharedIndexInformer<NodePlan> watching = informer;
        if (!watching.hasSynced()) {
            return;
        }
        try {
            if (isBehind(watching)) {
                LOG.warn(
                        "the watch of this node's plan is half open: news of the API server did not come by it, and it is"
                                + " begun again");
                informer = begin();
                watching.stop();
            }
        } catch (KubernetesClientException e) {
            LOG.debugf("The API server cannot be asked for news of the plan: %s", Failures.cause(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the API server has news that the informer does not get. */
    private boolean isBehind(SharedIndexInformer<NodePlan> watching) throws InterruptedException {
        ListOptions since = new ListOptionsBuilder()
                .withResourceVersion(watching.lastSyncResourceVersion())
                .withTimeoutSeconds((long) PATIENCE_SECONDS)
                .build();
        News news = new News();
        try {
            Watch second = plans().watch(since, news);
            try {
                TimeUnit.SECONDS.sleep(PATIENCE_SECONDS);
            } finally {
                second.close();
            }
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_GONE) {
                return true;
            }
            throw e;
        }
        return news.tooOld.get()
                || isBehind(news.versions, versions(watching.getStore().list()));
    }

    private static Map<String, Long> versions(List<NodePlan> plans) {
        return plans.stream()
                .collect(Collectors.toMap(plan -> plan.getMetadata().getName(), PlanInformer::version));
    }

    /** Versions of one kind are in an order (KEP-5504). */
    private static long version(NodePlan plan) {
        return Long.parseLong(plan.getMetadata().getResourceVersion());
    }

    /**
     * Whether there is news of which nothing is known.
     *
     * @param news versions by name, as the API server told them; empty for what was deleted
     * @param known versions by name
     */
    static boolean isBehind(Map<String, Optional<Long>> news, Map<String, Long> known) {
        return news.entrySet().stream()
                .anyMatch(one -> one.getValue()
                        .map(version -> known.getOrDefault(one.getKey(), 0L) < version)
                        .orElse(known.containsKey(one.getKey())));
    }

    private List<Slice> slices(List<NodePlan> plans) {
        return plans.stream()
                .filter(plan ->
                        plan.getSpec() != null && node.equals(plan.getSpec().node()))
                .map(plan -> new Slice(
                        plan.getMetadata().getName(),
                        plan.getMetadata().getUid(),
                        plan.getMetadata().getGeneration(),
                        plan.getSpec(),
                        Optional.ofNullable(plan.getStatus())))
                .toList();
    }

    /** What the second watch gets. */
    private static final class News implements Watcher<NodePlan> {
        private final Map<String, Optional<Long>> versions = new ConcurrentHashMap<>();
        /** The API server has forgotten what came since: a watch that is well gets its bookmarks, and is never so far behind. */
        private final AtomicBoolean tooOld = new AtomicBoolean();

        @Override
        public void eventReceived(Action action, NodePlan plan) {
            switch (action) {
                case ADDED, MODIFIED -> versions.put(plan.getMetadata().getName(), Optional.of(version(plan)));
                case DELETED -> versions.put(plan.getMetadata().getName(), Optional.empty());
                case BOOKMARK, ERROR -> {}
            }
        }

        @Override
        public void onClose(WatcherException cause) {
            tooOld.compareAndSet(false, cause.isHttpGone());
        }
    }
}
