package io.ipsecxdp.operator;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.ipsecxdp.operator.write.Leadership;
import io.javaoperatorsdk.operator.api.config.InformerStoppedHandler;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.quarkus.arc.Unremovable;
import io.quarkus.runtime.Quarkus;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import org.jboss.logging.Logger;

/** What the frameworks ask for. */
@Dependent
class Beans {
    private static final Logger LOG = Logger.getLogger(Beans.class);

    @Produces
    @Singleton
    Clock clock() {
        return Clock.systemUTC();
    }

    /**
     * Over the JDK's HTTP client. Where the API server closed a pooled connection its failure is an IOException, which Fabric8
     * tries again; that of Vert.x, Quarkus' choice, is none, and an operator that starts ends with it (fabric8io/kubernetes-client
     * issue 7450).
     */
    @Produces
    @Singleton
    KubernetesClient client(Config config, KubernetesSerialization serialization) {
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withKubernetesSerialization(serialization)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }

    void close(@Disposes KubernetesClient client) {
        client.close();
    }

    /** QOSDK takes null for "no leader election"; only a dependent bean may be null (CDI 4.1, section 2.2.1). */
    @Produces
    @Dependent
    @Unremovable
    LeaderElectionConfiguration leaderElection(OperatorConfig config, Leadership leadership) {
        var election = config.leaderElection();
        return election.enabled()
                ? LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(Leadership.LEASE)
                        .withLeaseNamespace(config.namespace())
                        .withIdentity(leadership.identity())
                        .withLeaseDuration(election.leaseDuration())
                        .withRenewDeadline(election.renewDeadline())
                        .withRetryPeriod(election.retryPeriod())
                        .build()
                : null;
    }

    /** An informer that died would leave the operator with yesterday's cluster: better start again. */
    @Produces
    @Singleton
    @Unremovable
    InformerStoppedHandler informerStopped() {
        return (informer, failure) -> {
            if (failure != null && informer.hasSynced()) {
                LOG.errorf(failure, "%s ended: leaving", informer);
                Quarkus.asyncExit(1);
            }
        };
    }
}
