package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.ipsecxdp.crds.Api;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LeaseKeeperTest {

    private static final Clock NOON = Clock.fixed(Instant.parse("2026-01-01T12:00:00Z"), ZoneOffset.UTC);

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final AtomicInteger code = new AtomicInteger(200);
    private HttpServer server;
    private KubernetesClient client;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath() + " "
                + new String(body, StandardCharsets.UTF_8));
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(code.get(), body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private LeaseKeeper keeper(boolean alive) {
        return new LeaseKeeper(client, "n1", "ipsec", () -> alive, NOON);
    }

    private void awaitAsked(int times) {
        await().atMost(Duration.ofSeconds(20)).until(() -> asked.size() == times);
    }

    @Test
    void anAgentThatRunsSaysSoAtOnce() {
        try (LeaseKeeper keeper = keeper(true)) {
            awaitAsked(1);
            keeper.renew();

            assertThat(asked).hasSize(2);
            assertThat(asked.getFirst())
                    .startsWith("PATCH /apis/coordination.k8s.io/v1/namespaces/ipsec/leases/" + Api.leaseName("n1"))
                    .contains("\"holderIdentity\":\"n1\"", "\"renewTime\":\"2026-01-01T12:00:00.000000Z\"");
        }
    }

    /** The operator takes a node whose Lease is old for one of which nothing is known. */
    @Test
    void anAgentThatIsStuckDoesNotLookAlive() {
        try (LeaseKeeper keeper = keeper(false)) {
            keeper.renew();
            await().during(Duration.ofMillis(500)).until(asked::isEmpty);
        }
    }

    @Test
    void aRefusalIsNotTheEnd() {
        code.set(500);
        try (LeaseKeeper keeper = keeper(true)) {
            awaitAsked(1);
            keeper.renew();
            code.set(200);
            keeper.renew();

            awaitAsked(3);
        }
    }
}
