package io.ipsecxdp.e2e;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Closes what was opened, the last first and each once: on {@link #close()}, or when the JVM is told to end (Ctrl-C,
 * SIGTERM).
 */
public final class Cleanup implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Thread hook = new Thread(this::closeAll, "cleanup");
    private boolean closed;

    public Cleanup() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Takes over the closing of {@code resource}.
     *
     * @throws IllegalStateException if everything is being closed already; {@code resource} is closed then
     */
    public <T extends AutoCloseable> T add(T resource) {
        synchronized (opened) {
            if (!closed) {
                opened.push(resource);
                return resource;
            }
        }
        close(resource);
        throw new IllegalStateException("interrupted");
    }

    @Override
    public void close() {
        closeAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending: the hook is running or has run.
        }
    }

    private void closeAll() {
        while (true) {
            AutoCloseable next;
            synchronized (opened) {
                closed = true;
                if (opened.isEmpty()) {
                    return;
                }
                next = opened.pop();
            }
            close(next);
        }
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            System.err.println("cleanup: " + resource + ": " + e.getMessage());
        }
    }
}
