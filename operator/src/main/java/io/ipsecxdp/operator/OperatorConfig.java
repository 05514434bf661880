package io.ipsecxdp.operator;

import io.ipsecxdp.scrape.ScrapeConfig;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** Configuration of the operator. */
@ConfigMapping(prefix = "ipsec-xdp.operator")
public interface OperatorConfig {
    /** The namespace of the release: of this operator, and of the agents' Leases. */
    String namespace();

    /** How many writes may be under way at once. */
    @WithDefault("16")
    int concurrentWrites();

    /** Whether the startup taint is taken off nodes whose agents are ready; takes the right to patch nodes. */
    @WithDefault("false")
    boolean taint();

    /** Metrics for whoever the API server lets read them. */
    ScrapeConfig metrics();

    /** Port of the pod's loopback for the page; without it there is none. */
    Optional<Integer> pagePort();

    LeaderElection leaderElection();

    /** Of several operators one leads, by a Lease in the namespace of the release. */
    interface LeaderElection {
        /** Off is for a single operator that is started by hand. */
        @WithDefault("true")
        boolean enabled();

        /** After how long without renewal another may lead. */
        @WithDefault("15s")
        Duration leaseDuration();

        /** After how long without success the leader gives up. */
        @WithDefault("10s")
        Duration renewDeadline();

        /** Time between tries. */
        @WithDefault("2s")
        Duration retryPeriod();
    }
}
