package io.ipsecxdp.scrape;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.SSLOptions;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Serves metrics over TLS, and nothing else. Nothing depends on it: where it cannot listen or has no certificate it says so
 * and tries again.
 */
public final class MetricsServer implements AutoCloseable {

    private static final String PATH = Right.METRICS.url();

    private static final Logger LOG = Logger.getLogger(MetricsServer.class);
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);
    private static final long PATIENCE_SECONDS = 20;

    /** Of strangers too, so small. */
    private static final int MOST_CONNECTIONS = 64;

    private static final int MOST_HEADERS = 16 * 1024;
    private static final int LONGEST_LINE = 1024;
    private static final int IDLE_SECONDS = 120;
    private static final int HANDSHAKE_SECONDS = 10;

    private final Vertx vertx;
    private final String address;
    private final int port;
    private final IdentitySource source;
    private final Doorkeeper doorkeeper;
    private final Supplier<String> text;
    private final AtomicInteger connections = new AtomicInteger();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("scrape").factory());

    // Of the thread
    private Optional<HttpServer> server = Optional.empty();
    private Optional<ServerIdentity> shown = Optional.empty();
    private String complaint = "";

    MetricsServer(
            Vertx vertx,
            String address,
            int port,
            IdentitySource source,
            Doorkeeper doorkeeper,
            Supplier<String> text,
            Duration lookAgain) {
        this.vertx = vertx;
        this.address = address;
        this.port = port;
        this.source = source;
        this.doorkeeper = doorkeeper;
        this.text = text;
        thread.scheduleWithFixedDelay(this::look, 0, lookAgain.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Serves if the configuration has an address to listen at.
     *
     * @param name whose metrics they are, for a certificate of our own
     * @param text the metrics in Prometheus' format
     */
    public static Optional<MetricsServer> of(
            ScrapeConfig config,
            String name,
            Vertx vertx,
            KubernetesClient client,
            Supplier<String> text,
            Clock clock) {
        return config.address().map(address -> {
            IdentitySource source = config.certificate()
                    .<IdentitySource>map(IdentityFiles::new)
                    .orElseGet(() -> {
                        ServerIdentity made = SelfSigned.make(name, clock.instant());
                        return () -> made;
                    });
            Doorkeeper doorkeeper = Doorkeeper.of(Right.METRICS, client, clock);
            return new MetricsServer(vertx, address, config.port(), source, doorkeeper, text, LOOK_AGAIN);
        });
    }

    /** Begins to listen, or shows another certificate. */
    private void look() {
        try {
            ServerIdentity now = source.read();
            if (server.isEmpty()) {
                server = Optional.of(listen(now));
                LOG.infof("metrics are served at https://%s:%d%s", address, port, PATH);
            } else if (!shown.equals(Optional.of(now))) {
                await(server.get().updateSSLOptions(new SSLOptions().setKeyCertOptions(pem(now))));
                LOG.info("metrics are served with another certificate");
            }
            shown = Optional.of(now);
            complaint = "";
        } catch (IOException e) {
            complain(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            complain(e.toString());
        }
    }

    private void complain(String why) {
        if (!why.equals(complaint)) {
            LOG.warnf("metrics at %s port %d: %s; it is tried again", address, port, why);
            complaint = why;
        }
    }

    private HttpServer listen(ServerIdentity identity) throws IOException, InterruptedException {
        HttpServerOptions options = new HttpServerOptions()
                .setSsl(true)
                .setKeyCertOptions(pem(identity))
                .setEnabledSecureTransportProtocols(Set.of("TLSv1.3", "TLSv1.2"))
                .setSslHandshakeTimeout(HANDSHAKE_SECONDS)
                .setIdleTimeout(IDLE_SECONDS)
                .setMaxHeaderSize(MOST_HEADERS)
                .setMaxInitialLineLength(LONGEST_LINE);
        HttpServer made =
                vertx.createHttpServer(options).connectionHandler(this::bound).requestHandler(this::answer);
        await(made.listen(port, address));
        return made;
    }

    private void bound(HttpConnection connection) {
        connection.closeHandler(closed -> connections.decrementAndGet());
        if (connections.incrementAndGet() > MOST_CONNECTIONS) {
            connection.close();
        }
    }

    /** On the event loop. */
    private void answer(HttpServerRequest request) {
        if (!PATH.equals(request.path())) {
            end(request, 404, "There is nothing but " + PATH + ".");
        } else if (request.method() != HttpMethod.GET) {
            request.response().putHeader(HttpHeaders.ALLOW, HttpMethod.GET.name());
            end(request, 405, "Metrics are read with GET.");
        } else {
            doorkeeper.decide(request, vertx, access -> let(request, access));
        }
    }

    private void let(HttpServerRequest request, Access access) {
        if (access == Access.ALLOWED) {
            vertx.executeBlocking(text::get, false)
                    .onSuccess(metrics -> {
                        request.response().putHeader(HttpHeaders.CONTENT_TYPE, TEXT);
                        end(request, access.status(), metrics);
                    })
                    .onFailure(failure -> {
                        LOG.warn("The metrics cannot be written", failure);
                        end(request, 500, "The metrics cannot be written; the log says why.");
                    });
            return;
        }
        if (access == Access.UNKNOWN) {
            request.response().putHeader("WWW-Authenticate", "Bearer");
        }
        end(request, access.status(), access.words(Right.METRICS));
    }

    private static void end(HttpServerRequest request, int status, String body) {
        if (!request.response().closed()) {
            request.response().setStatusCode(status).end(body.endsWith("\n") ? body : body + "\n");
        }
    }

    private static PemKeyCertOptions pem(ServerIdentity identity) {
        return new PemKeyCertOptions()
                .addCertValue(Buffer.buffer(identity.certificate()))
                .addKeyValue(Buffer.buffer(identity.key()));
    }

    private static void await(Future<?> future) throws IOException, InterruptedException {
        try {
            future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().toString(), e);
        } catch (TimeoutException e) {
            throw new IOException("it takes too long", e);
        }
    }

    @Override
    public void close() {
        if (!thread.isShutdown()) {
            thread.execute(() -> server.ifPresent(HttpServer::close));
            thread.shutdown();
            doorkeeper.close();
        }
    }
}
