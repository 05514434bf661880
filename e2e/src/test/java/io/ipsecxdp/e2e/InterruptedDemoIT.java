package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo leaves nothing behind, however it ends. */
@Order(1) // before there is a cluster, so that two guests never share the machine
class InterruptedDemoIT {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration CLEANUP = Duration.ofSeconds(30);

    @ParameterizedTest(name = "SIG{0} in step {1}")
    @CsvSource({"INT, 1", "TERM, 3", "KILL, 3"})
    void nothingIsLeftOfADemoThatIsInterrupted(String signal, int step, @TempDir Path logs) {
        Project project = Project.here();
        List<Path> earlier = runs(project);
        try (var daemons = new Daemons(logs);
                Daemon demo = daemons.start(
                        "demo",
                        List.of(
                                // A shell starts what it puts in the background with SIGINT ignored, and all from there
                                "env",
                                "--default-signal=INT",
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                project.target().resolve("classes") + ":"
                                        + project.target().resolve("lib") + "/*",
                                Demo.class.getName()),
                        Map.of())) {
            demo.awaitText("== " + step + ". ", PATIENCE);
            Await.until(
                    "the demo has a folder",
                    PATIENCE,
                    demo::tail,
                    () -> runs(project).size() > earlier.size());
            Path folder = runs(project).stream()
                    .filter(run -> !earlier.contains(run))
                    .findFirst()
                    .orElseThrow();
            Await.until(
                    "something runs",
                    PATIENCE,
                    demo::tail,
                    () -> processesOf(folder).size() > 1);
            Command.of("kill", "-" + signal, Long.toString(demo.pid())).output();

            assertThat(demo.awaitEnd(CLEANUP)).isNotZero();
            Await.until(
                    "no process of the demo is left",
                    CLEANUP,
                    () -> processesOf(folder) + "\n" + demo.tail(),
                    () -> processesOf(folder).isEmpty());
        }
    }

    private static List<Path> runs(Project project) {
        Path folder = project.target().resolve("runs");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> runs = Files.list(folder)) {
            return runs.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Processes that have the folder of the run in their command line or their environment, besides this one. */
    private static List<String> processesOf(Path folder) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .map(process -> Path.of("/proc", Long.toString(process.pid())))
                .filter(proc ->
                        (read(proc.resolve("cmdline")) + read(proc.resolve("environ"))).contains(folder.toString()))
                .map(proc -> read(proc.resolve("cmdline")).replace('\0', ' '))
                .collect(Collectors.toList());
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return ""; // the process has ended
        }
    }
}
