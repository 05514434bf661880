package io.ipsecxdp.operator.write;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.operator.OperatorConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;
import org.jboss.logging.Logger.Level;

/** Runs writes side by side, a bounded number at once. */
@ApplicationScoped
public class Writes {
    private static final Logger LOG = Logger.getLogger(Writes.class);

    private final int concurrent;

    public Writes(OperatorConfig config) {
        this.concurrent = config.concurrentWrites();
    }

    /**
     * @param what for the log, for instance "plan n1-0"
     */
    public record Write(String what, Runnable action) {}

    /**
     * A write that failed.
     *
     * @param what it was, and what the API server said
     * @param outdated whether what was decided upon has changed meanwhile, so that all is to be decided again
     */
    public record Failure(String what, boolean outdated) {}

    /** Runs all of {@code writes} and returns those that failed. */
    public List<Failure> run(Collection<Write> writes) {
        var permits = new Semaphore(concurrent);
        var failures = new ArrayList<Failure>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<?>>();
            for (var write : writes) {
                permits.acquire();
                running.add(executor.submit(() -> {
                    try {
                        write.action().run();
                    } finally {
                        permits.release();
                    }
                }));
            }
            int next = 0;
            for (var write : writes) {
                try {
                    running.get(next++).get();
                } catch (ExecutionException e) {
                    var failure = new Failure(
                            "%s: %s".formatted(write.what(), reason(e.getCause())), isConflict(e.getCause()));
                    LOG.logf(failure.outdated() ? Level.INFO : Level.WARN, "cannot write %s", failure.what());
                    failures.add(failure);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failures.add(new Failure("interrupted", false));
        }
        return failures;
    }

    private static boolean isConflict(Throwable failure) {
        return failure instanceof KubernetesClientException refused
                && refused.getCode() == HttpURLConnection.HTTP_CONFLICT;
    }

    /** What the API server said, or else what kept us from asking it. */
    private static String reason(Throwable failure) {
        return failure instanceof KubernetesClientException refused && refused.getStatus() != null
                ? refused.getStatus().getMessage()
                : failure.toString();
    }
}
