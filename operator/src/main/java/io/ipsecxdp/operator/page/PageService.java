package io.ipsecxdp.operator.page;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.operator.OperatorConfig;
import io.ipsecxdp.operator.watch.Sources;
import io.ipsecxdp.scrape.Doorkeeper;
import io.quarkus.runtime.Startup;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.Optional;

/** Serves the page where the configuration has a port for it; also of an operator that does not lead, for it watches too. */
@ApplicationScoped
@Startup
public class PageService {
    private final Optional<PageServer> server;

    public PageService(OperatorConfig config, Vertx vertx, KubernetesClient client, Sources sources, Clock clock) {
        server = config.pagePort()
                .map(port -> new PageServer(
                        vertx,
                        port,
                        new PageAnswers(sources::pageInput, clock),
                        Doorkeeper.of(PageServer.RIGHT, client, clock)));
    }

    @PreDestroy
    void stop() {
        server.ifPresent(PageServer::close);
    }
}
