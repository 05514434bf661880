package io.ipsecxdp.agent;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.ipsecxdp.agent.plan.Addresses;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What the kubelet and Prometheus ask of the agent. On the node's loopback only: the agent is on the node's network, and
 * the kubelet probes it there.
 */
final class Endpoints implements AutoCloseable {

    private static final int BACKLOG = 16;
    private static final String GET = "GET";
    private static final String PLAIN = "text/plain; charset=utf-8";

    /** Of Prometheus' text format. */
    private static final String EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";

    private record Answer(int code, String type, String body) {
        static Answer health(boolean good, String otherwise) {
            return good
                    ? new Answer(HttpURLConnection.HTTP_OK, PLAIN, "ok\n")
                    : new Answer(HttpURLConnection.HTTP_UNAVAILABLE, PLAIN, otherwise + "\n");
        }
    }

    /** The port is not to be had; the message says why. */
    static final class UnavailableException extends RuntimeException {
        private UnavailableException(int port, IOException cause) {
            super(
                    "The port %d of the node's loopback, for health and metrics, cannot be used (%s); set agent.healthPort to one that is free."
                            .formatted(port, cause.getMessage()),
                    cause);
        }
    }

    /**
     * What the answers are made of; from any thread.
     *
     * @param metrics in Prometheus' text format
     */
    record Questions(BooleanSupplier alive, BooleanSupplier ready, Supplier<String> metrics) {}

    private final HttpServer server;
    private final Map<String, Supplier<Answer>> answers;

    private Endpoints(HttpServer server, Questions questions) {
        this.server = server;
        this.answers = Map.of(
                "/health/live",
                () -> Answer.health(questions.alive().getAsBoolean(), "the kernel loop does not come around"),
                "/health/ready",
                () -> Answer.health(questions.ready().getAsBoolean(), "the plans of this node are not known yet"),
                "/metrics",
                () -> new Answer(
                        HttpURLConnection.HTTP_OK,
                        EXPOSITION,
                        questions.metrics().get()));
    }

    /**
     * Serves them, and keeps the process from ending.
     *
     * @param port 0 for one that the kernel chooses
     * @throws UnavailableException if the port is taken
     */
    static Endpoints open(int port, Questions questions) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(Addresses.parse("127.0.0.1"), port), BACKLOG);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            Endpoints endpoints = new Endpoints(server, questions);
            server.createContext("/", endpoints::handle);
            server.start();
            return endpoints;
        } catch (IOException e) {
            throw new UnavailableException(port, e);
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Answer answer =
                    answer(exchange.getRequestMethod(), exchange.getRequestURI().getPath());
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", answer.type());
            exchange.sendResponseHeaders(answer.code(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private Answer answer(String method, String path) {
        Supplier<Answer> found = answers.get(path);
        if (found == null) {
            return new Answer(
                    HttpURLConnection.HTTP_NOT_FOUND, PLAIN, "there are /health/live, /health/ready and /metrics\n");
        }
        return method.equals(GET) ? found.get() : new Answer(HttpURLConnection.HTTP_BAD_METHOD, PLAIN, "GET only\n");
    }
}
