package io.ipsecxdp.agent.report;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.agent.node.Failures;
import io.ipsecxdp.crds.Api;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/** Says every ten seconds that this agent is alive, if it is. */
public final class LeaseKeeper implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(LeaseKeeper.class);
    private static final int RENEW_SECONDS = 10;
    private static final int DURATION_SECONDS = 40;

    private final KubernetesClient client;
    private final String node;
    private final String namespace;
    private final BooleanSupplier alive;
    private final Clock clock;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("lease").factory());
    private boolean failing;

    /** @param alive whether the kernel loop runs: one that is stuck must not look alive */
    public LeaseKeeper(KubernetesClient client, String node, String namespace, BooleanSupplier alive, Clock clock) {
        this.client = client;
        this.node = node;
        this.namespace = namespace;
        this.alive = alive;
        this.clock = clock;
        timer.scheduleAtFixedRate(this::renew, 0, RENEW_SECONDS, TimeUnit.SECONDS);
    }

    void renew() {
        if (!alive.getAsBoolean()) {
            LOG.warn("The kernel loop does not run, so the Lease is not renewed");
            return;
        }
        Lease lease = new LeaseBuilder()
                .withNewMetadata()
                .withName(Api.leaseName(node))
                .withNamespace(namespace)
                .addToLabels(Api.NODE_LABEL, Api.nodeLabel(node))
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(node)
                .withLeaseDurationSeconds(DURATION_SECONDS)
                .withRenewTime(ZonedDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                .endSpec()
                .build();
        try {
            client.resource(lease)
                    .fieldManager(AgentStatusWriter.FIELD_MANAGER)
                    .forceConflicts()
                    .serverSideApply();
            failing = false;
        } catch (KubernetesClientException e) {
            if (!failing) {
                LOG.warnf("The Lease %s/%s cannot be renewed: %s", namespace, Api.leaseName(node), Failures.cause(e));
            }
            failing = true;
        } catch (RuntimeException e) {
            LOG.error("The Lease cannot be renewed", e);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
