package io.ipsecxdp.operator.watch;

import static java.util.stream.Collectors.toMap;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.ipsecxdp.crds.NodePlan;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Leaves when the API server's versions go back, as when etcd is restored from a backup. The API server takes a watch from a
 * version that it has not reached yet, sends nothing until it is beyond that, and says nothing of it (kubernetes/kubernetes
 * issue 107457): the informers would have a cluster that is no more. An operator that starts lists all; were they filled again
 * here, a reconcile could see some of them before and some after.
 */
@ApplicationScoped
@Startup
public class ServerVersions {
    private static final Logger LOG = Logger.getLogger(ServerVersions.class);

    /** Versions that an API server goes through in this time after a restore are not seen to be earlier ones. */
    private static final Duration LOOK = Duration.ofSeconds(2);

    /** No object has this name: what is asked for is the version alone. */
    private static final String NOBODY = "nobody";

    private final KubernetesClient client;
    private final Sources sources;
    private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("server-versions").factory());

    /** Of the thread. */
    private long latest;

    public ServerVersions(KubernetesClient client, Sources sources) {
        // To be tried again is the next look's
        this.client = client.newClient(
                        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                                .withRequestRetryBackoffLimit(0)
                                .build())
                .adapt(KubernetesClient.class);
        this.sources = sources;
        looking.scheduleWithFixedDelay(this::look, 0, LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    @PreDestroy
    void stop() {
        looking.shutdownNow();
    }

    /** Looks at each plan as well, as is due where writes meet other versions again and again. */
    public void suspect() {
        looking.execute(() -> look(this::lookAtPlans));
    }

    private void look() {
        look(this::lookAtVersion);
    }

    private void look(Runnable look) {
        try {
            look.run();
        } catch (RuntimeException e) {
            LOG.debugf(e, "the API server does not say its version");
        }
    }

    private void lookAtVersion() {
        // In this order: what is there now is not older
        long heard = sources.plans().stream().mapToLong(ServerVersions::version).reduce(latest, Math::max);
        latest = version();
        if (latest < heard) {
            leave("from %d to %d".formatted(heard, latest));
        }
    }

    private void lookAtPlans() {
        var heard = sources.plans();
        var there = client.resources(NodePlan.class).list().getItems().stream()
                .collect(toMap(plan -> plan.getMetadata().getName(), ServerVersions::version));
        heard.stream()
                .filter(plan -> there.getOrDefault(plan.getMetadata().getName(), Long.MAX_VALUE) < version(plan))
                .findFirst()
                .ifPresent(
                        plan -> leave("for the NodePlan " + plan.getMetadata().getName()));
    }

    private void leave(String how) {
        LOG.errorf(
                "the API server's versions went back %s, as when etcd is restored from a backup:"
                        + " leaving, to start again with what it has now",
                how);
        looking.shutdown();
        Quarkus.asyncExit(1);
    }

    /** That of the API server at this moment, for a kind of ours: those of others may be in another etcd. */
    private long version() {
        return Long.parseLong(client.resources(NodePlan.class)
                .withField("metadata.name", NOBODY)
                .list()
                .getMetadata()
                .getResourceVersion());
    }

    private static long version(NodePlan plan) {
        return Long.parseLong(plan.getMetadata().getResourceVersion());
    }
}
