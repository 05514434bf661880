package io.ipsecxdp.operator.page;

import io.ipsecxdp.scrape.Access;
import io.ipsecxdp.scrape.Doorkeeper;
import io.ipsecxdp.scrape.Right;
import io.netty.handler.codec.compression.StandardCompressionOptions;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jboss.logging.Logger;

/**
 * Serves the page at the pod's loopback, where {@code kubectl port-forward} comes out and nothing else. Its files say nothing of
 * the cluster and are for everybody; its data are for whoever has the right.
 */
final class PageServer implements AutoCloseable {

    /** Tokens are for the page alone: one that a browser has is good for nothing else. */
    static final Right RIGHT = new Right("/page", "the page", "ipsec-xdp-page", List.of("ipsec-xdp-page"));

    private static final Logger LOG = Logger.getLogger(PageServer.class);
    private static final String LOOPBACK = "127.0.0.1";
    private static final String DATA = "/data.json";
    private static final String NODES = "/nodes/";
    private static final int MOST_HEADERS = 16 * 1024;
    private static final int LONGEST_LINE = 1024;
    private static final int IDLE_SECONDS = 120;

    /** Nothing but our own files, no form, no frame: what is in a name of the cluster cannot become script. */
    private static final Map<String, String> GUARDS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
                    + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            "X-Content-Type-Options",
            "nosniff",
            "Referrer-Policy",
            "no-referrer",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Cross-Origin-Opener-Policy",
            "same-origin",
            "Cache-Control",
            "no-store");

    private record Asset(String type, Buffer content) {}

    private final PageAnswers answers;
    private final Doorkeeper doorkeeper;
    private final Vertx vertx;
    private final HttpServer server;
    private final Map<String, Asset> assets = new HashMap<>();

    /** @param port 0 for one that is free */
    PageServer(Vertx vertx, int port, PageAnswers answers, Doorkeeper doorkeeper) {
        this.vertx = vertx;
        this.answers = answers;
        this.doorkeeper = doorkeeper;
        assets.put("/", asset("index.html", "text/html"));
        assets.put("/page.css", asset("page.css", "text/css"));
        assets.put("/page.js", asset("page.js", "text/javascript"));
        HttpServerOptions options = new HttpServerOptions()
                .setIdleTimeout(IDLE_SECONDS)
                .setMaxHeaderSize(MOST_HEADERS)
                .setMaxInitialLineLength(LONGEST_LINE)
                // No browser asks for HTTP/2 without TLS
                .setHttp2ClearTextEnabled(false)
                .setCompressionSupported(true)
                // And not Brotli, for which Netty would load a native library
                .addCompressor(StandardCompressionOptions.gzip());
        server = vertx.createHttpServer(options).requestHandler(this::answer);
        server.listen(port, LOOPBACK)
                .onSuccess(listening -> LOG.infof("the page is at http://%s:%d/", LOOPBACK, listening.actualPort()))
                .onFailure(failure -> LOG.warnf("there is no page: %s", failure.getMessage()));
    }

    int port() {
        return server.actualPort();
    }

    /** On the event loop. */
    private void answer(HttpServerRequest request) {
        GUARDS.forEach(request.response()::putHeader);
        String path = request.path();
        if (request.method() != HttpMethod.GET) {
            request.response().putHeader(HttpHeaders.ALLOW, HttpMethod.GET.name());
            end(request, 405, "The page is read with GET.");
        } else if (assets.containsKey(path)) {
            Asset asset = assets.get(path);
            request.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, asset.type() + "; charset=utf-8")
                    .end(asset.content());
        } else if (path.equals(DATA)) {
            guarded(request, () -> Optional.of(answers.page()));
        } else if (path.startsWith(NODES)) {
            // Names of nodes have no character that would be escaped
            String name = path.substring(NODES.length());
            guarded(request, () -> answers.node(name));
        } else {
            end(request, 404, "There is nothing here.");
        }
    }

    private void guarded(HttpServerRequest request, Callable<Optional<PageAnswers.Answer>> data) {
        doorkeeper.decide(request, vertx, access -> let(request, access, data));
    }

    private void let(HttpServerRequest request, Access access, Callable<Optional<PageAnswers.Answer>> data) {
        if (access != Access.ALLOWED) {
            end(request, access.status(), access.words(RIGHT));
            return;
        }
        vertx.executeBlocking(data, false)
                .onSuccess(found -> found.ifPresentOrElse(
                        answer -> send(request, answer), () -> end(request, 404, "There is no such node.")))
                .onFailure(failure -> {
                    LOG.warn("The page cannot be made", failure);
                    end(request, 500, "The page cannot be made; the log of the operator says why.");
                });
    }

    private static void send(HttpServerRequest request, PageAnswers.Answer answer) {
        if (request.response().closed()) {
            return;
        }
        request.response().putHeader(HttpHeaders.ETAG, answer.tag());
        if (answer.tag().equals(request.getHeader(HttpHeaders.IF_NONE_MATCH))) {
            request.response().setStatusCode(304).end();
        } else {
            request.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .end(Buffer.buffer(answer.bytes()));
        }
    }

    private static void end(HttpServerRequest request, int status, String body) {
        if (!request.response().closed()) {
            request.response()
                    .setStatusCode(status)
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                    .end(body + "\n");
        }
    }

    private static Asset asset(String name, String type) {
        try (var file = PageServer.class.getResourceAsStream("/page/" + name)) {
            return new Asset(type, Buffer.buffer(file.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.close();
        doorkeeper.close();
    }
}
