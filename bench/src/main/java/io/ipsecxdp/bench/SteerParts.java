package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Project;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;

/** The XDP program and its parts in the kernel, with SAs to find, ready to be timed: src/main/c/steer-cost.c. */
final class SteerParts implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;

    private SteerParts(Process process) {
        this.process = process;
        this.answers = process.inputReader();
        this.orders = process.outputWriter();
    }

    /** @param sas 1 to 131072 */
    static SteerParts with(Project project, int sas) {
        Path target = project.root().resolve("bench/target");
        try {
            var parts = new SteerParts(new ProcessBuilder(
                            target.resolve("steer-cost").toString(),
                            target.resolve("steer_parts.bpf.o").toString(),
                            Integer.toString(sas))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
            parts.answer();
            return parts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nanoseconds per frame of a known SPI. */
    DoubleSupplier run(String part) {
        return () -> ask("run " + part + " 1000000");
    }

    /** Nanoseconds per frame of an unknown SPI. */
    DoubleSupplier miss(String part) {
        return () -> ask("miss " + part + " 1000000");
    }

    /** Nanoseconds per frame of an unknown SPI, with what the kernel does to frames that are passed or dropped. */
    DoubleSupplier live(String part) {
        return () -> ask("live " + part + " 500000");
    }

    /** What the policy does with unknown SPIs: the numbers of UnknownSpi. */
    void unknownSpi(int number) {
        ask("unknown " + number);
    }

    /** Frames that the kernel refused so far, because it had no protocol for them. */
    double refused() {
        return ask("refused");
    }

    /** Whether another CPU takes and drops references on the SA meanwhile. */
    void contend(boolean on) {
        ask("contend " + (on ? 1 : 0));
    }

    private double ask(String order) {
        try {
            orders.write(order);
            orders.newLine();
            orders.flush();
            return Double.parseDouble(answer());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IllegalStateException("steer-cost ended; it said why above");
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
