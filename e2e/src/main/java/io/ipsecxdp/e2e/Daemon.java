package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program in the background, and its log. */
public final class Daemon implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(15);
    private static final int TAIL = 40;

    private final String name;
    private final Process process;
    private final Path log;

    Daemon(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    public boolean isRunning() {
        return process.isAlive();
    }

    /** Runs {@code body}, in another thread, once it has ended. */
    void whenEnded(Runnable body) {
        process.onExit().thenRunAsync(body);
    }

    public long pid() {
        return process.pid();
    }

    public Path log() {
        return log;
    }

    /** Everything that it printed so far. */
    public String text() {
        try {
            return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The end of its log, for people who look for a cause. */
    public String tail() {
        List<String> lines = text().lines().toList();
        String end = String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
        return "the end of %s:%n%s".formatted(log, end);
    }

    /**
     * Waits until it has printed {@code text}.
     *
     * @throws IllegalStateException if it ends before, or does not within {@code patience}
     */
    public void awaitText(String text, Duration patience) {
        Await.until(name + " prints \"" + text + "\"", patience, this::tail, () -> {
            if (text().contains(text)) {
                return true;
            }
            if (!isRunning()) {
                throw new IllegalStateException(name + " ended; " + tail());
            }
            return false;
        });
    }

    /** Exit code, once it has ended. */
    public int awaitEnd(Duration patience) {
        try {
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException(
                        "%s did not end within %d s; %s".formatted(name, patience.toSeconds(), tail()));
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + name, e);
        }
    }

    /** SIGKILL. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd(GRACE);
    }

    /** SIGSTOP, and SIGCONT after {@code time}: its connections stay, and nobody answers. */
    public void hang(Duration time) {
        String pid = Long.toString(pid());
        Command.of("kill", "-STOP", pid).output();
        try {
            Await.pause(time);
        } finally {
            Command.of("kill", "-CONT", pid).output();
        }
    }

    /** SIGTERM, and SIGKILL if that is not enough. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
