package io.ipsecxdp.e2e;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The operator, on this machine. Where it leaves by itself it is started again, as by its Deployment. */
public final class Operator implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(3); // on a busy machine
    private static final Duration AS_A_KUBELET = Duration.ofSeconds(1);

    private final Daemons daemons;
    private final List<Integer> ports = Ports.free(2);
    private final int port = ports.getFirst();
    private final Project project;
    private final Path kubeconfig;
    private volatile Daemon process;

    /** Whether it is not to run. */
    private boolean ended;

    private Operator(Daemons daemons, Project project, Path kubeconfig) {
        this.daemons = daemons;
        this.project = project;
        this.kubeconfig = kubeconfig;
        this.process = launch();
    }

    /** Starts it; returns before it is ready. */
    public static Operator start(Daemons daemons, Project project, ApiServer api) {
        return new Operator(daemons, project, api.operatorKubeconfig());
    }

    public Daemon daemon() {
        return process;
    }

    /** Waits until its readiness probe succeeds, as the chart's Deployment asks it; returns how long that took. */
    public Duration awaitReady() {
        return Await.until("the operator is ready", START, () -> process.tail(), () -> {
            if (!process.isRunning()) {
                throw new IllegalStateException("the operator ended; " + process.tail());
            }
            return isReady();
        });
    }

    private boolean isReady() {
        try {
            var connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/health/ready")
                    .toURL()
                    .openConnection();
            return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException e) {
            return false; // not listening yet
        }
    }

    /** SIGTERM, and waits for the end. */
    public void terminate() {
        toEnd().close();
    }

    /** SIGKILL. */
    public void kill() {
        toEnd().kill();
    }

    /** Starts it again after {@link #terminate} or {@link #kill}. */
    public synchronized void startAgain() {
        process = launch();
    }

    /** Starts it again if it does not run. */
    public synchronized void startIfDown() {
        if (!process.isRunning()) {
            startAgain();
        }
    }

    @Override
    public void close() {
        toEnd().close();
    }

    private synchronized Daemon toEnd() {
        ended = true;
        return process;
    }

    private void left(Daemon one) {
        Await.pause(AS_A_KUBELET);
        synchronized (this) {
            if (process == one && !ended) {
                startAgain();
            }
        }
    }

    @Override
    public String toString() {
        return "operator";
    }

    private Daemon launch() {
        ended = false;
        Daemon launched = daemons.start(
                "operator",
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-jar",
                        project.operatorApp().resolve("quarkus-run.jar").toString()),
                Map.of(
                        "KUBECONFIG",
                        kubeconfig.toString(),
                        "POD_NAMESPACE",
                        ApiServer.NAMESPACE,
                        "QUARKUS_HTTP_HOST",
                        "127.0.0.1",
                        "QUARKUS_HTTP_PORT",
                        Integer.toString(port),
                        "QUARKUS_MANAGEMENT_PORT",
                        Integer.toString(ports.getLast())));
        launched.whenEnded(() -> left(launched));
        return launched;
    }
}
