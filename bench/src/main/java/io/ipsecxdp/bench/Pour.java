package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Project;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;

/**
 * Pours ESP frames of one SA, which CPU 1 owns, into the interface {@link #WIRE} as fast as CPU 0 can: src/main/c/pour.c,
 * in the network namespace of the thread that starts it.
 */
final class Pour implements AutoCloseable {
    static final String WIRE = "wire";

    /**
     * What became of the frames.
     *
     * @param refused those that came to the IP layer, which refused them for want of ESP
     * @param byCpu those that began their way up the stack, by CPU
     */
    record Poured(double seconds, long refused, List<Long> byCpu) {
        long onCpu(int cpu) {
            return byCpu.get(cpu);
        }
    }

    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;

    private Pour(Process process) {
        this.process = process;
        this.answers = process.inputReader();
        this.orders = process.outputWriter();
    }

    static Pour start(Project project) {
        try {
            var pour = new Pour(new ProcessBuilder(
                            project.root().resolve("bench/target/pour").toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
            pour.answer();
            return pour;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Poured frames(int count) {
        try {
            orders.write(Integer.toString(count));
            orders.newLine();
            orders.flush();
            var words = answer().split(" ");
            return new Poured(
                    Double.parseDouble(words[0]),
                    Long.parseLong(words[1]),
                    Arrays.stream(words).skip(2).map(Long::valueOf).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IllegalStateException("pour ended; it said why above");
        }
        return line;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
