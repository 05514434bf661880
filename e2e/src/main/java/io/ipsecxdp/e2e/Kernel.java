package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** A kernel that nodes are made in: this machine's or a guest's. Commands run in it as root. */
public sealed interface Kernel extends AutoCloseable permits Host, Guest {

    /** The command of this machine that runs {@code words} in the kernel, and ends with the exit code of those. */
    List<String> command(List<String> words);

    /** A command for a shell of this machine that runs {@code "$@"} in it; with a terminal if {@code $terminal} is {@code -t}. */
    String shell();

    /** What the harness brought into it. */
    Payload payload();

    /** Makes nodes, with the ways to an API server on this machine's loopback. */
    List<NodeFacts> makeNodes(List<String> names);

    /** The machine that it runs on, in a line. */
    String machine();

    @Override
    void close();

    /** Runs a command to its end and returns what it printed. */
    default String run(String... words) {
        return Command.of(command(List.of(words))).output();
    }

    /** Runs a shell script to its end and returns what it printed. */
    default String script(String text, String... arguments) {
        var words = new java.util.ArrayList<>(List.of("bash", "-s"));
        words.addAll(List.of(arguments));
        return Command.of(command(words)).reading(text).output();
    }

    /** Writes a file that only root can read. */
    default void write(String path, String text) {
        Command.of(command(List.of("sh", "-c", "umask 077 && cat > \"$0\"", path)))
                .reading(text)
                .output();
    }

    /** Copies a file of this machine into it, to be run there by root. */
    default void copy(Path file, String path) {
        try {
            Command.of(command(List.of("sh", "-c", "base64 -d > \"$0\" && chmod 700 \"$0\"", path)))
                    .reading(Base64.getEncoder().encodeToString(Files.readAllBytes(file)))
                    .output();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
