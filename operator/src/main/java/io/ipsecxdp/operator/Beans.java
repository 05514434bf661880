package io.ipsecxdp.operator;

import io.javaoperatorsdk.operator.api.config.InformerStoppedHandler;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.quarkus.arc.Unremovable;
import io.quarkus.runtime.Quarkus;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import org.jboss.logging.Logger;

/** What the frameworks ask for. */
@Dependent
class Beans {
    private static final Logger LOG = Logger.getLogger(Beans.class);
    private static final String LEASE = "ipsec-xdp-operator";

    @Produces
    @Singleton
    Clock clock() {
        return Clock.systemUTC();
    }

    /** QOSDK takes null for "no leader election"; only a dependent bean may be null (CDI 4.1, section 2.2.1). */
    @Produces
    @Dependent
    @Unremovable
    LeaderElectionConfiguration leaderElection(OperatorConfig config) {
        var election = config.leaderElection();
        return election.enabled()
                ? LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(LEASE)
                        .withLeaseNamespace(config.namespace())
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
