package io.ipsecxdp.operator.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.ipsecxdp.scrape.Access;
import io.ipsecxdp.scrape.Doorkeeper;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.threeten.extra.MutableClock;

/** The server on the loopback; who may read is decided by a map here, and by a real API server in OperatorIT. */
@Timeout(60)
class PageServerTest {
    private static final Map<String, Access> READERS = Map.of("good", Access.ALLOWED, "poor", Access.FORBIDDEN);

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final MutableClock clock = MutableClock.epochUTC();
    private final AtomicReference<PageInput> cluster = new AtomicReference<>(PageWorld.mesh(3, 2));
    private final AtomicInteger made = new AtomicInteger();
    private PageServer server;

    @BeforeEach
    void serve() {
        server = new PageServer(
                vertx,
                0,
                new PageAnswers(
                        () -> {
                            made.incrementAndGet();
                            return cluster.get();
                        },
                        clock),
                new Doorkeeper(token -> READERS.getOrDefault(token, Access.UNKNOWN), clock));
        await().until(() -> server.port() > 0);
    }

    @AfterEach
    void end() throws Exception {
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private HttpResponse<String> send(String method, String path, String... headers) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> data(String... headers) throws Exception {
        return headers.length == 0
                ? send("GET", "/data.json", "Authorization", "Bearer good")
                : send("GET", "/data.json", "Authorization", "Bearer good", headers[0], headers[1]);
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/data.json,Bearer good,200",
        "GET,/data.json,none,401",
        "GET,/data.json,Bearer other,401",
        "GET,/data.json,Bearer poor,403",
        "GET,/nodes/n0001,Bearer good,200",
        "GET,/nodes/n0001,none,401",
        "GET,/nodes/n0001,Bearer poor,403",
        "GET,/nodes/elsewhere,Bearer good,404",
        "GET,/nodes/elsewhere,none,401",
        "GET,/nodes/%25zz,Bearer good,404",
        "POST,/data.json,Bearer good,405",
        "GET,/,none,200",
        "GET,/page.js,none,200",
        "GET,/page.css,none,200",
        "GET,/../application.properties,Bearer good,404",
        "GET,/metrics,Bearer good,404"
    })
    void filesAreForAllAndDataForWhoMayReadThem(String method, String path, String token, int status) throws Exception {
        assertThat(send(method, path, "Authorization", token).statusCode()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/page.js", "/data.json", "/elsewhere"})
    void noAnswerRunsWhatIsNotOurs(String path) throws Exception {
        var headers = send("GET", path).headers();

        assertThat(headers.firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
                .doesNotContain("unsafe");
        assertThat(headers.firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(headers.firstValue("Cache-Control")).contains("no-store");
        assertThat(headers.map()).doesNotContainKey("access-control-allow-origin");
    }

    @Test
    void theDataAreMadeOnceInAnIntervalForAll() throws Exception {
        for (int i = 0; i < 10; i++) {
            data();
        }
        assertThat(made).hasValue(1);

        clock.add(PageAnswers.FRESH);
        data();
        assertThat(made).hasValue(2);
    }

    @Test
    void whatHasNotChangedIsNotSentAgain() throws Exception {
        String tag = data().headers().firstValue("ETag").orElseThrow();
        clock.add(Duration.ofMinutes(1));

        assertThat(data("If-None-Match", tag).statusCode()).isEqualTo(304);

        cluster.set(PageWorld.mesh(4, 2));
        clock.add(Duration.ofMinutes(1));
        var changed = data("If-None-Match", tag);
        assertThat(changed.statusCode()).isEqualTo(200);
        assertThat(new ObjectMapper().readTree(changed.body()).at("/nodes")).hasSize(4);
    }

    @Test
    void manyReadersOfManyNodesDoNotFillTheMemory() throws Exception {
        cluster.set(PageWorld.mesh(60, 2));
        for (int round = 0; round < 2; round++) {
            for (int node = 0; node < 40; node++) {
                send("GET", "/nodes/" + PageWorld.name(node), "Authorization", "Bearer good");
            }
        }
        assertThat(made).as("40 nodes are more than what is remembered").hasValue(80);
    }

    @Test
    void whatIsSaidToWhomMayNotReadNamesTheRole() throws Exception {
        assertThat(send("GET", "/data.json", "Authorization", "Bearer poor").body())
                .contains("ipsec-xdp-page");
    }
}
