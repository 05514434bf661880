package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A program of this machine that is run to its end.
 *
 * @param input what it reads from its standard input
 */
public record Command(
        List<String> words, String input, Map<String, String> environment, Path folder, Duration timeout) {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    public Command {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
    }

    public static Command of(List<String> words) {
        return new Command(words, "", Map.of(), Path.of("").toAbsolutePath(), PATIENCE);
    }

    public static Command of(String... words) {
        return of(List.of(words));
    }

    public Command reading(String text) {
        return new Command(words, text, environment, folder, timeout);
    }

    public Command within(Duration time) {
        return new Command(words, input, environment, folder, time);
    }

    public Command with(Map<String, String> variables) {
        return new Command(words, input, variables, folder, timeout);
    }

    public Command in(Path directory) {
        return new Command(words, input, environment, directory, timeout);
    }

    /**
     * Runs it, whatever it exits with.
     *
     * @throws IllegalStateException if it cannot be started or does not end in time
     */
    public Result run() {
        try {
            var builder = new ProcessBuilder(words).directory(folder.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            var out = reader(process.getInputStream());
            var err = reader(process.getErrorStream());
            write(process.getOutputStream());
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        "%s did not end within %d s".formatted(String.join(" ", words), timeout.toSeconds()));
            }
            return new Result(words, process.exitValue(), out.join(), err.join());
        } catch (IOException e) {
            throw new IllegalStateException("cannot run " + words.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + words.getFirst(), e);
        }
    }

    /**
     * Runs it and returns what it printed.
     *
     * @throws IllegalStateException with what it said, if it exits with anything but 0
     */
    public String output() {
        Result result = run();
        if (!result.ok()) {
            throw new IllegalStateException(result.toString());
        }
        return result.out();
    }

    private void write(OutputStream to) {
        try (to) {
            to.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // The program ended without reading: its exit code and its words say why.
        }
    }

    private static CompletableFuture<String> reader(InputStream from) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (from) {
                        return new String(from.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                task -> Thread.ofVirtual().start(task));
    }

    /** What became of it. */
    public record Result(List<String> words, int exit, String out, String err) {
        public boolean ok() {
            return exit == 0;
        }

        @Override
        public String toString() {
            return "%s: exit code %d%n%s%s".formatted(String.join(" ", words), exit, out, err);
        }
    }
}
