package io.ipsecxdp.operator.watch;

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
    private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("server-versions").factory());

    /** Of the thread. */
    private long latest;

    public ServerVersions(KubernetesClient client) {
        // To be tried again is the next look's
        this.client = client.newClient(
                        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                                .withRequestRetryBackoffLimit(0)
                                .build())
                .adapt(KubernetesClient.class);
        looking.scheduleWithFixedDelay(this::look, 0, LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    @PreDestroy
    void stop() {
        looking.shutdownNow();
    }

    private void look() {
        try {
            long version = version();
            if (version < latest) {
                LOG.errorf(
                        "the API server's versions went back from %d to %d, as when etcd is restored from a backup:"
                                + " leaving, to start again with what it has now",
                        latest, version);
                looking.shutdown();
                Quarkus.asyncExit(1);
            }
            latest = version;
        } catch (RuntimeException e) {
            LOG.debugf(e, "the API server does not say its version");
        }
    }

    /** That of the API server at this moment, for a kind of ours: those of others may be in another etcd. */
    private long version() {
        return Long.parseLong(client.resources(NodePlan.class)
                .withField("metadata.name", NOBODY)
                .list()
                .getMetadata()
                .getResourceVersion());
    }
}
