package io.ipsecxdp.operator.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ipsecxdp.charts.Chart;
import io.ipsecxdp.charts.MetricsReader;
import io.ipsecxdp.charts.TestingApiServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The operator as it is shipped: its own JVM, started from target/quarkus-app, as the ServiceAccount of the chart. */
final class OperatorProcess implements AutoCloseable {
    private static final Path APP =
            Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath();
    private static final Path LOGS = Path.of("target/operator-logs").toAbsolutePath();
    private static final Duration START = Duration.ofSeconds(90);

    private final Process process;
    private final Path log;
    /** Its service account. */
    static final String ACCOUNT = "ipsec-xdp-operator";

    private final int port;
    private final int managementPort;
    private final int pagePort;
    private final MetricsReader scraped;
    private final Duration startTime;
    private final HttpClient http = HttpClient.newHttpClient();

    private OperatorProcess(
            Process process,
            Path log,
            int port,
            int managementPort,
            int pagePort,
            MetricsReader scraped,
            Instant started) {
        this.process = process;
        this.log = log;
        this.port = port;
        this.managementPort = managementPort;
        this.pagePort = pagePort;
        this.scraped = scraped;
        await().atMost(START).pollInterval(Duration.ofMillis(20)).until(() -> {
            assertThat(process.isAlive()).as("see %s", log).isTrue();
            return isReady();
        });
        this.startTime = Duration.between(started, Instant.now());
    }

    /** Starts an operator and returns when it says that it is ready. */
    static OperatorProcess start(String name, TestingApiServer server, Map<String, String> settings) {
        try {
            Files.createDirectories(LOGS);
            Path log = LOGS.resolve(name + ".log");
            int port = freePort();
            int managementPort = freePort();
            int metricsPort = freePort();
            int pagePort = freePort();
            var builder = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx96m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-jar",
                            APP.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            builder.environment().put("KUBECONFIG", server.kubeconfig().toString());
            builder.environment().put("QUARKUS_HTTP_PORT", Integer.toString(port));
            builder.environment().put("QUARKUS_HTTP_HOST", "127.0.0.1");
            builder.environment().put("QUARKUS_MANAGEMENT_PORT", Integer.toString(managementPort));
            builder.environment().put("IPSEC_XDP_OPERATOR_METRICS_ADDRESS", "127.0.0.1");
            builder.environment().put("IPSEC_XDP_OPERATOR_METRICS_PORT", Integer.toString(metricsPort));
            builder.environment().put("IPSEC_XDP_OPERATOR_PAGE_PORT", Integer.toString(pagePort));
            builder.environment().put("POD_NAMESPACE", Chart.RELEASE);
            builder.environment().put("KUBERNETES_IMPERSONATE_USERNAME", TestingApiServer.user(ACCOUNT));
            builder.environment().putAll(settings);
            return new OperatorProcess(
                    builder.start(),
                    log,
                    port,
                    managementPort,
                    pagePort,
                    new MetricsReader("127.0.0.1", metricsPort),
                    Instant.now());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isReady() {
        return get(port, "/health/ready")
                .map(response -> response.statusCode() == 200)
                .orElse(false);
    }

    /** The value of a series of the metrics. */
    double metric(String series) {
        return get(managementPort, "/metrics")
                .orElseThrow()
                .body()
                .lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** The status of an answer at the port that kubelets probe. */
    int probe(String path) {
        return get(port, path).orElseThrow().statusCode();
    }

    /** Its metrics as others get them. */
    MetricsReader scraped() {
        return scraped;
    }

    /** What the page's server answers whom has the token. */
    Optional<HttpResponse<String>> page(String path, Optional<String> token) {
        return get(
                pagePort,
                path,
                token.map(one -> new String[] {"Authorization", "Bearer " + one})
                        .orElse(new String[0]));
    }

    Duration startTime() {
        return startTime;
    }

    /** Resident memory in MiB. */
    long residentMebibytes() {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                            .map(line -> line.replaceAll("[^0-9]", ""))
                            .mapToLong(Long::parseLong)
                            .findFirst()
                            .orElseThrow()
                    / 1024;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isRunning() {
        return process.isAlive();
    }

    /** As a kubelet stops a pod. Returns the exit code. */
    int terminate() {
        process.destroy();
        return exitCode();
    }

    /** As a node that fails. */
    void kill() {
        process.destroyForcibly();
        exitCode();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            terminate();
        }
    }

    private int exitCode() {
        try {
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("it ends").isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Optional<HttpResponse<String>> get(int port, String path, String... headers) {
        try {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
            if (headers.length > 0) {
                request.headers(headers);
            }
            return Optional.of(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
