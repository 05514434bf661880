package io.ipsecxdp.bench.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The program of src/main/c/xfrm.c. */
record CProgram(String program, Path list) {

    /** What it took, by its own clock. */
    double seconds(String what, int batch) {
        return first(run(program, what, list.toString(), Integer.toString(batch)));
    }

    /** Of those that need no BATCH: {@code slow-add}. */
    double seconds(String what) {
        return first(run(program, what, list.toString()));
    }

    double dumpSeconds() {
        return first(run(program, "dump"));
    }

    String text(String what) {
        return run(program, what).strip();
    }

    static String run(String... words) {
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            String text = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new IllegalStateException("%s failed: %s".formatted(List.of(words), text));
            }
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static double first(String text) {
        return Stream.of(text.strip().split(" "))
                .map(Double::parseDouble)
                .findFirst()
                .orElseThrow();
    }
}
