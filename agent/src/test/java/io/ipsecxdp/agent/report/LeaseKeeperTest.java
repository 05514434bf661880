package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import io.ipsecxdp.crds.Api;
import java.io.IOException;
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
    private HttpApi api;

    @BeforeEach
    void start() throws IOException {
        api = new HttpApi(this::answer);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath() + " " + body);
        HttpApi.respond(exchange, code.get(), body);
    }

    private LeaseKeeper keeper(boolean alive) {
        return new LeaseKeeper(api.client(), "n1", "ipsec", () -> alive, NOON);
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
