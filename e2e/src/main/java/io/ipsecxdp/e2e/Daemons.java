package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Starts programs that run in the background and end with this JVM, even if it is killed: the kernel signals them when
 * the thread that started them ends (prctl(2), PR_SET_PDEATHSIG), so all are started by one thread that stays.
 */
public final class Daemons implements AutoCloseable {
    private final Path logs;
    private final ExecutorService starter = Executors.newSingleThreadExecutor(
            task -> Thread.ofPlatform().daemon().name("daemons").unstarted(task));

    /** @param logs the folder for what the programs print */
    public Daemons(Path logs) {
        this.logs = logs;
    }

    /** Starts a program in a session of its own, so that a Ctrl-C on the terminal is for us alone to act upon. */
    public Daemon start(String name, List<String> command, Map<String, String> environment) {
        var words = new ArrayList<>(List.of("setsid", "setpriv", "--pdeathsig", "KILL"));
        words.addAll(command);
        Path log = freshLog(name);
        var builder = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        try {
            return new Daemon(name, starter.submit(builder::start).get(), log);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting " + name, e);
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(
                    "cannot start " + name + ": " + e.getCause().getMessage(), e.getCause());
        }
    }

    @Override
    public void close() {
        starter.shutdown();
    }

    private Path freshLog(String name) {
        try {
            Files.createDirectories(logs);
            Path log = logs.resolve(name + ".log");
            for (int i = 2; Files.exists(log); i++) {
                log = logs.resolve(name + "-" + i + ".log");
            }
            return Files.createFile(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
