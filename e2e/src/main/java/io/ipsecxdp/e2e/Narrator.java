package io.ipsecxdp.e2e;

import java.io.PrintStream;
import java.time.Duration;

/** Tells a reader what happens, and when. */
public final class Narrator {
    private final PrintStream out;
    private final long begun = System.nanoTime();
    private int steps;
    private volatile boolean ended;
    private volatile boolean interrupted;

    public Narrator(PrintStream out) {
        this.out = out;
    }

    /** Begins a step. */
    public void step(String title) {
        steps++;
        line("");
        line("== %d. %s   [%d s]".formatted(steps, title, elapsed().toSeconds()));
    }

    public void say(String text) {
        text.strip().lines().forEach(line -> line("   " + line));
    }

    /** A command as a user would type it, and what it printed. */
    public void command(String typed, String output) {
        line("   $ " + typed);
        output.stripTrailing().lines().forEach(line -> line("     " + line));
    }

    /** What it comes to, in a line of its own. */
    public void result(String text) {
        line("");
        line(text);
    }

    public void failed(RuntimeException cause) {
        result("failed after %d s: %s".formatted(elapsed().toSeconds(), cause.getMessage()));
    }

    /** Nothing more is to be told. */
    public void end() {
        ended = true;
    }

    /** The JVM is ending: says so, unless all is told already, and is silent from then on. */
    public void interrupted() {
        if (!ended) {
            result("interrupted; cleaning up");
            interrupted = true;
        }
    }

    public Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    private synchronized void line(String text) {
        if (!interrupted) {
            out.println(text);
        }
    }
}
