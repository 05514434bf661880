package io.ipsecxdp.operator.write;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.operator.OperatorConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;

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

    /** Runs all of {@code writes} and returns those that failed, with what the API server said. */
    public List<String> run(Collection<Write> writes) {
        var permits = new Semaphore(concurrent);
        var failures = new ArrayList<String>();
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
                    String failure = "%s: %s".formatted(write.what(), reason(e.getCause()));
                    LOG.warnf("cannot write %s", failure);
                    failures.add(failure);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failures.add("interrupted");
        }
        return failures;
    }

    /** What the API server said, or else what kept us from asking it. */
    private static String reason(Throwable failure) {
        return failure instanceof KubernetesClientException refused && refused.getStatus() != null
                ? refused.getStatus().getMessage()
                : failure.toString();
    }
}
