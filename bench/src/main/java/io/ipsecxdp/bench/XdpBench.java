package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Command;
import io.ipsecxdp.e2e.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** xdp-bench redirect-cpu on {@link Pour#WIRE}, begun in the network namespace of the thread that does so. */
final class XdpBench {
    /** The program alone, without libxdp's dispatcher in front of it, which would cost it a call for each packet. */
    private static final Map<String, String> ALONE = Map.of("LIBXDP_SKIP_DISPATCHER", "1");

    private static final String NEVER = "3600";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String program;
    private final int queueSize;
    private final int cpu;

    XdpBench(Project project, int queueSize, int cpu) {
        program = Command.of(project.root().resolve("lab/xdp-bench").toString())
                .within(Duration.ofMinutes(10))
                .output()
                .strip();
        this.queueSize = queueSize;
        this.cpu = cpu;
    }

    /**
     * @param mode its {@code --program-mode}
     * @return what ends it
     */
    Runnable begin(String mode) {
        List<String> words = List.of(
                program,
                "redirect-cpu",
                "--cpu",
                Integer.toString(cpu),
                "--qsize",
                Integer.toString(queueSize),
                "--program-mode",
                mode,
                "--interval",
                NEVER,
                Pour.WIRE);
        try {
            var builder = new ProcessBuilder(words)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(ALONE);
            var process = builder.start();
            try {
                await(process, true);
                return () -> end(process);
            } catch (RuntimeException e) {
                end(process);
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void end(Process process) {
        // On SIGTERM it takes its program off the interface
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("xdp-bench did not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        await(process, false);
    }

    private static void await(Process process, boolean attached) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (hasProgram() != attached) {
            if (System.nanoTime() > deadline || attached && !process.isAlive()) {
                throw new IllegalStateException(
                        attached ? "xdp-bench attached no program" : "xdp-bench left its program on the interface");
            }
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }
    }

    private static boolean hasProgram() {
        return Command.of("ip", "link", "show", "dev", Pour.WIRE).output().contains("prog/xdp");
    }
}
