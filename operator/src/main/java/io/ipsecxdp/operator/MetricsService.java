package io.ipsecxdp.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.scrape.MetricsServer;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.runtime.Startup;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.Optional;

/** Serves the operator's metrics to whoever may read them. */
@ApplicationScoped
@Startup
@SuppressWarnings("deprecation") // the registry that Quarkus has
public class MetricsService {
    private final Optional<MetricsServer> server;

    public MetricsService(
            OperatorConfig config, Vertx vertx, KubernetesClient client, PrometheusMeterRegistry metrics, Clock clock) {
        server = MetricsServer.of(config.metrics(), "ipsec-xdp-operator", vertx, client, metrics::scrape, clock);
    }

    @PreDestroy
    void stop() {
        server.ifPresent(MetricsServer::close);
    }
}
