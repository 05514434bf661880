package io.ipsecxdp.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.agent.metrics.SteeringMetrics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EndpointsTest {

    private final AtomicBoolean alive = new AtomicBoolean(true);
    private final AtomicBoolean ready = new AtomicBoolean();
    private final Metrics metrics = new Metrics();
    private final Endpoints endpoints =
            Endpoints.open(0, new Endpoints.Questions(alive::get, ready::get, metrics::scrape));
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void close() {
        client.close();
        endpoints.close();
    }

    @Test
    void anAgentWhosePlansAreNotKnownIsAliveAndNotReady() throws Exception {
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/health/ready").statusCode()).isEqualTo(503);
        assertThat(get("/health/ready").body()).isEqualTo("the plans of this node are not known yet\n");

        ready.set(true);
        assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void anAgentThatIsStuckIsNotAlive() throws Exception {
        alive.set(false);

        assertThat(get("/health/live").statusCode()).isEqualTo(503);
        assertThat(get("/health/live").body()).isEqualTo("the kernel loop does not come around\n");
    }

    @Test
    void prometheusIsToldOfTheAgentAndItsJvm() throws Exception {
        new SteeringMetrics(metrics.registry());
        metrics.registry()
                .counter("ipsecxdp.xfrm.errors", "counter", "XfrmInNoStates")
                .increment(3);

        HttpResponse<String> answer = get("/metrics");
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/plain; version=0.0.4; charset=utf-8");
        assertThat(answer.body())
                .contains("ipsecxdp_xfrm_errors_total{counter=\"XfrmInNoStates\"} 3.0")
                .contains("jvm_memory_used_bytes")
                .contains("process_uptime_seconds");
    }

    @Test
    void thereIsNothingElse() throws Exception {
        assertThat(get("/health/live/").statusCode()).isEqualTo(404);
        assertThat(send(HttpRequest.newBuilder(uri("/metrics")).DELETE()).statusCode())
                .isEqualTo(405);
    }

    @Test
    void aPortThatIsTakenIsNamed() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            assertThatThrownBy(() -> Endpoints.open(
                            other.getLocalPort(), new Endpoints.Questions(alive::get, ready::get, metrics::scrape)))
                    .isInstanceOf(Endpoints.UnavailableException.class)
                    .hasMessageContaining("The port %d of the node's loopback", other.getLocalPort())
                    .hasMessageContaining("set agent.healthPort to one that is free");
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:%d%s".formatted(endpoints.port(), path));
    }
}
