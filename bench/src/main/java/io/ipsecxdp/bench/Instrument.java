package io.ipsecxdp.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** A C program that says when it is ready, and then answers each order with a line. */
final class Instrument implements AutoCloseable {
    private final String name;
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;

    private Instrument(String name, Process process) {
        this.name = name;
        this.process = process;
        this.answers = process.inputReader();
        this.orders = process.outputWriter();
    }

    /** Returns when it is ready. */
    static Instrument start(String name, List<String> command) {
        try {
            var instrument = new Instrument(
                    name,
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start());
            instrument.answer();
            return instrument;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String ask(String order) {
        try {
            orders.write(order);
            orders.newLine();
            orders.flush();
            return answer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IllegalStateException(name + " ended; it said why above");
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
