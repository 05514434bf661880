package io.ipsecxdp.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.threeten.extra.MutableClock;

/** The server on the loopback; who may read is decided by a map here, and by a real API server in the tests of the agent. */
@Timeout(120)
class MetricsServerTest {
    private static final Map<String, Access> READERS = Map.of("good", Access.ALLOWED, "poor", Access.FORBIDDEN);
    private static final Duration START = Duration.ofSeconds(20);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    private final HttpClient client = vertx.createHttpClient(new HttpClientOptions()
            .setSsl(true)
            .setTrustAll(true)
            .setVerifyHost(false)
            .setKeepAlive(false));
    private final Doorkeeper doorkeeper =
            new Doorkeeper(token -> READERS.getOrDefault(token, Access.UNKNOWN), MutableClock.epochUTC());
    private int port;
    private Optional<MetricsServer> server = Optional.empty();

    @BeforeEach
    void findAPort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
    }

    @AfterEach
    void end() throws Exception {
        server.ifPresent(MetricsServer::close);
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private void serve(IdentitySource source) {
        server = Optional.of(new MetricsServer(
                vertx, "127.0.0.1", port, source, doorkeeper, () -> "ipsecxdp_steered 1.0\n", LOOK_AGAIN));
    }

    private static IdentitySource ownCertificate() {
        ServerIdentity made = identity("n1");
        return () -> made;
    }

    private static ServerIdentity identity(String name) {
        return SelfSigned.make(name, Instant.now());
    }

    private record Answer(int status, String body, X509Certificate certificate) {}

    private Answer ask(HttpMethod method, String path, String authorization) throws Exception {
        return client.request(method, port, "127.0.0.1", path)
                .compose(request -> {
                    if (authorization != null) {
                        request.putHeader("Authorization", authorization);
                    }
                    return request.send()
                            .compose(response -> response.body()
                                    .map(Buffer::toString)
                                    .map(body -> new Answer(
                                            response.statusCode(), body, certificate(request.connection()))));
                })
                .toCompletionStage()
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    private static X509Certificate certificate(io.vertx.core.http.HttpConnection connection) {
        try {
            return (X509Certificate) connection.sslSession().getPeerCertificates()[0];
        } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
            throw new AssertionError(e);
        }
    }

    private Answer get() throws Exception {
        return ask(HttpMethod.GET, "/metrics", "Bearer good");
    }

    private void awaitServed(Duration patience) {
        await().atMost(patience).ignoreExceptions().until(() -> get().status() == 200);
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/metrics,Bearer good,200",
        "GET,/metrics,,401",
        "GET,/metrics,Bearer bad,401",
        "GET,/metrics,Bearer poor,403",
        "POST,/metrics,Bearer good,405",
        "GET,/q/metrics,Bearer good,404",
        "GET,/metrics/,Bearer good,404",
        "GET,/,,404",
        "GET,/q/health/live,,404"
    })
    void metricsAreThereForWhoMayReadThemAndNothingElse(String method, String path, String header, int status)
            throws Exception {
        serve(ownCertificate());
        awaitServed(START);
        Answer answer = ask(HttpMethod.valueOf(method), path, header);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body().contains("ipsecxdp_steered 1.0")).isEqualTo(status == 200);
    }

    @Test
    void itIsNotAtOtherAddresses() throws Exception {
        serve(ownCertificate());
        awaitServed(START);
        // The same port at another address of the loopback is free
        new ServerSocket(port, 1, InetAddress.getByName("127.0.0.2")).close();
    }

    @Test
    void afterItsEndNobodyListens() {
        serve(ownCertificate());
        awaitServed(START);
        server.orElseThrow().close();

        await().atMost(START)
                .ignoreExceptions()
                .untilAsserted(() -> new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1")).close());
    }

    @Test
    void aPortThatIsTakenIsTriedAgain() throws Exception {
        var other = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"));
        serve(ownCertificate());
        TimeUnit.SECONDS.sleep(1);
        other.close();
        awaitServed(START);
    }

    @Test
    void aCertificateThatComesLaterOrIsRenewedIsShown(@TempDir Path folder) throws Exception {
        serve(new IdentityFiles(folder));
        TimeUnit.SECONDS.sleep(1);
        write(folder, identity("first"));
        awaitServed(START);
        assertThat(get().certificate().getSubjectX500Principal().getName()).isEqualTo("CN=first");

        write(folder, identity("second"));
        await().atMost(START)
                // A handshake that is under way meanwhile may fail
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(
                                get().certificate().getSubjectX500Principal().getName())
                        .isEqualTo("CN=second"));
    }

    /** As a kubelet does it (AtomicWriter): a link to the folder with all files is exchanged. */
    private static void write(Path mount, ServerIdentity identity) throws IOException {
        Path files = Files.createTempDirectory(mount, "..");
        Files.writeString(files.resolve("tls.crt"), identity.certificate());
        Files.writeString(files.resolve("tls.key"), identity.key());
        Files.move(
                Files.createSymbolicLink(mount.resolve("..data_tmp"), files.getFileName()),
                mount.resolve("..data"),
                StandardCopyOption.ATOMIC_MOVE);
        for (String name : List.of("tls.crt", "tls.key")) {
            if (!Files.isSymbolicLink(mount.resolve(name))) {
                Files.createSymbolicLink(mount.resolve(name), Path.of("..data", name));
            }
        }
    }
}
