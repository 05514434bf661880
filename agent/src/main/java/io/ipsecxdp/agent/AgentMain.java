package io.ipsecxdp.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.kernel.HalfRoundException;
import io.ipsecxdp.agent.ledger.StateException;
import io.ipsecxdp.scrape.MetricsServer;
import io.ipsecxdp.xfrm.XfrmException;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Instance;
import java.time.Clock;
import java.util.Arrays;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Runs the agent until it is told to stop, or with {@code --cleanup} removes from the node what agents installed. */
@SuppressWarnings("deprecation") // the registry that Quarkus has
public class AgentMain implements QuarkusApplication {

    /** Begins before Quarkus does. */
    @QuarkusMain
    public static final class Start {
        private Start() {}

        public static void main(String... args) {
            if (Arrays.asList(args).contains(CLEANUP)) {
                // Nobody asks how it is, and the port may be taken
                System.setProperty("quarkus.http.host-enabled", "false");
            }
            Quarkus.run(AgentMain.class, args);
        }
    }

    private static final String CLEANUP = "--cleanup";

    private static final Logger LOG = Logger.getLogger(AgentMain.class);
    private static final int USAGE = 2;

    private final AgentConfig config;
    private final Instance<KubernetesClient> client;
    private final Health health;
    private final PrometheusMeterRegistry metrics;
    private final Vertx vertx;
    private final String version;

    AgentMain(
            AgentConfig config,
            Instance<KubernetesClient> client,
            Health health,
            PrometheusMeterRegistry metrics,
            Vertx vertx,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.config = config;
        this.client = client;
        this.health = health;
        this.metrics = metrics;
        this.vertx = vertx;
        this.version = version;
    }

    @Override
    public int run(String... args) {
        boolean cleanup = Arrays.equals(args, new String[] {CLEANUP});
        if (args.length > 0 && !cleanup) {
            System.err.println("usage: agent [--cleanup]");
            return USAGE;
        }
        try {
            if (cleanup) {
                return new NodeCleanup(config, System.out, Clock.systemUTC()).run();
            }
            try (Agent agent = new Agent(config, client.get(), metrics, version, Clock.systemUTC())) {
                health.watch(agent);
                Optional<MetricsServer> served = MetricsServer.of(
                        config.metrics(), config.nodeName(), vertx, client.get(), metrics::scrape, Clock.systemUTC());
                Quarkus.waitForExit();
                served.ifPresent(MetricsServer::close);
            }
            return 0;
        } catch (StateException | XfrmException | HalfRoundException e) {
            LOG.error(e.getMessage());
            return 1;
        }
    }
}
