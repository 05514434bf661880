package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Command;
import io.ipsecxdp.e2e.Kernel;
import io.ipsecxdp.e2e.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A kernel with ESP, and in it the programs of {@code io.ipsecxdp.bench.guest}, which measure with the agent's own classes. */
final class InKernel {
    static final String C_PROGRAM = "/tmp/xfrm";

    private static final String JAR = "/tmp/bench.jar";
    private static final Duration PATIENCE = Duration.ofMinutes(15);

    private final Kernel kernel;

    InKernel(Project project, Kernel kernel) {
        this.kernel = kernel;
        Path built = project.root().resolve("bench/target");
        kernel.copy(built.resolve("xfrm"), C_PROGRAM);
        kernel.copy(jar(built), JAR);
    }

    /** Runs one in a network namespace of its own, and reads its series. */
    Map<String, Series> run(Class<?> program, String... arguments) {
        return run(List.of(), program, arguments);
    }

    /** On one CPU, all programs that it starts included: two emulated ones would wait for each other most of the time. */
    Map<String, Series> runOnOneCpu(Class<?> program, String... arguments) {
        return run(List.of("taskset", "-c", "1"), program, arguments);
    }

    private Map<String, Series> run(List<String> prefix, Class<?> program, String... arguments) {
        var words = new ArrayList<>(prefix);
        words.addAll(List.of("unshare", "--net"));
        words.addAll(kernel.payload().onAgentClasses(JAR, program.getName()));
        words.addAll(List.of(arguments));
        return Series.read(Command.of(kernel.command(words)).within(PATIENCE).output());
    }

    private static Path jar(Path built) {
        try (Stream<Path> files = Files.list(built)) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
