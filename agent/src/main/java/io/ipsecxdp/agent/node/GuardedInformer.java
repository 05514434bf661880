package io.ipsecxdp.agent.node;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.HttpURLConnection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Watches objects of one kind. A watch may be half open, when a load balancer forgot the connection: nothing comes
 * any more, and nothing says so. Therefore a second, short watch asks now and then for what came since the last news; it
 * costs the API server no list, and next to nothing where all is well. Then it is asked whether it is still the one that was
 * heard.
 */
public final class GuardedInformer<T extends HasMetadata> implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(GuardedInformer.class);

    private static final int LOOK_SECONDS = 30;

    private static final int SEEN_MILLIS = 20;

    /** No object has this name. */
    private static final String NOBODY = "nobody";

    /** What the second watch tells at once, the first one has by then. */
    private static final int PATIENCE_SECONDS = 5;

    /**
     * All objects.
     *
     * @param version a resourceVersion of the kind; nothing up to it is missing
     */
    public record All<T>(List<T> objects, long version) {}

    private final String what;
    private final Supplier<FilterWatchListDeletable<T, KubernetesResourceList<T>, Resource<T>>> objects;
    private final long inAnAnswer;
    private final Consumer<All<T>> listener;
    private final ScheduledExecutorService looking;
    private volatile boolean known;
    private volatile SharedIndexInformer<T> informer;

    /**
     * Begins to watch, in the background and for as long as it takes.
     *
     * @param what for the log, such as {@code this node's plan}
     * @param objects asked anew for each request
     * @param inAnAnswer so many are asked for at once
     * @param listener gets all objects whenever one changed, for the first time when all are known
     */
    public GuardedInformer(
            String what,
            Supplier<FilterWatchListDeletable<T, KubernetesResourceList<T>, Resource<T>>> objects,
            long inAnAnswer,
            Consumer<All<T>> listener) {
        this.what = what;
        this.objects = objects;
        this.inAnAnswer = inAnAnswer;
        this.listener = listener;
        this.looking = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("watch of " + what).factory());
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

    private SharedIndexInformer<T> begin() {
        SharedIndexInformer<T> begun = objects.get().withLimit(inAnAnswer).runnableInformer(0);
        Runnable tell = () -> tell(begun);
        begun.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(T object) {
                tell.run();
            }

            @Override
            public void onUpdate(T before, T after) {
                tell.run();
            }

            @Override
            public void onDelete(T object, boolean finalStateUnknown) {
                tell.run();
            }
        });
        // Nothing there, an API server that is down, a CRD that is not there yet: all pass
        begun.exceptionHandler((started, failure) -> true);
        begun.start().thenRun(tell);
        return begun;
    }

    private synchronized void tell(SharedIndexInformer<T> begun) {
        if (!begun.hasSynced()) {
            return;
        }
        known = true;
        // In this order: what the store has besides is newer
        long version = Long.parseLong(begun.lastSyncResourceVersion());
        List<T> all = begun.getStore().list();
        listener.accept(new All<>(all, version));
        // The informer counts an event as seen only after it was told
        if (all.stream().anyMatch(object -> version(object) > version)) {
            CompletableFuture.delayedExecutor(SEEN_MILLIS, TimeUnit.MILLISECONDS)
                    .execute(() -> tell(begun));
        }
    }

    private void look() {
        SharedIndexInformer<T> watching = informer;
        if (!watching.hasSynced()) {
            return;
        }
        try {
            // In this order: a list may go by a connection that is half open, and wait for its timeout
            if (isBehind(watching)) {
                beginAgain(watching, "it is half open: news of the API server did not come by it");
            } else if (hasGoneBack(watching)) {
                beginAgain(watching, "the API server's versions went back, as when etcd is restored from a backup");
            }
        } catch (KubernetesClientException e) {
            LOG.debugf("The API server cannot be asked for news of %s: %s", what, Failures.cause(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void beginAgain(SharedIndexInformer<T> watching, String why) {
        LOG.warnf("the watch of %s is begun again: %s", what, why);
        informer = begin();
        watching.stop();
    }

    /**
     * Whether the API server has another past than the one that was heard. It takes a watch from a version that it has not reached
     * yet, sends nothing until it is beyond that, and says nothing of it (kubernetes/kubernetes issue 107457).
     */
    private boolean hasGoneBack(SharedIndexInformer<T> watching) {
        // In this order: what is there now is not older
        long synced = Long.parseLong(watching.lastSyncResourceVersion());
        Optional<T> newest = watching.getStore().list().stream().max(Comparator.comparing(GuardedInformer::version));
        // Costs the API server the lookup of one name
        KubernetesResourceList<T> there = objects.get()
                .withField(
                        "metadata.name",
                        newest.map(object -> object.getMetadata().getName()).orElse(NOBODY))
                .list();
        return hasGoneBack(
                synced,
                newest.map(GuardedInformer::version),
                Long.parseLong(there.getMetadata().getResourceVersion()),
                there.getItems().stream().map(GuardedInformer::version).findFirst());
    }

    /**
     * Whether what is there does not go on from what was heard.
     *
     * @param synced nothing up to this version is missing
     * @param newest version of the newest object that is known
     * @param now version of the API server
     * @param there version of that object there, if it is there
     */
    static boolean hasGoneBack(long synced, Optional<Long> newest, long now, Optional<Long> there) {
        long heard = Math.max(synced, newest.orElse(0L));
        return now < heard
                || there.filter(version -> version <= heard && !newest.equals(Optional.of(version)))
                        .isPresent();
    }

    /** Whether the API server has news that the informer does not get. */
    private boolean isBehind(SharedIndexInformer<T> watching) throws InterruptedException {
        ListOptions since = new ListOptionsBuilder()
                .withResourceVersion(watching.lastSyncResourceVersion())
                .withTimeoutSeconds((long) PATIENCE_SECONDS)
                .build();
        News<T> news = new News<>();
        try {
            Watch second = objects.get().watch(since, news);
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

    private static <T extends HasMetadata> Map<String, Long> versions(List<T> objects) {
        return objects.stream()
                .collect(Collectors.toMap(object -> object.getMetadata().getName(), GuardedInformer::version));
    }

    /** Versions of one kind are in an order (KEP-5504). */
    public static long version(HasMetadata object) {
        return Long.parseLong(object.getMetadata().getResourceVersion());
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

    /** What the second watch gets. */
    private static final class News<T extends HasMetadata> implements Watcher<T> {
        private final Map<String, Optional<Long>> versions = new ConcurrentHashMap<>();
        /** The API server has forgotten what came since: a watch that is well gets its bookmarks, and is never so far behind. */
        private final AtomicBoolean tooOld = new AtomicBoolean();

        @Override
        public void eventReceived(Action action, T object) {
            switch (action) {
                case ADDED, MODIFIED -> versions.put(object.getMetadata().getName(), Optional.of(version(object)));
                case DELETED -> versions.put(object.getMetadata().getName(), Optional.empty());
                case BOOKMARK, ERROR -> {}
            }
        }

        @Override
        public void onClose(WatcherException cause) {
            tooOld.compareAndSet(false, cause.isHttpGone());
        }
    }
}
