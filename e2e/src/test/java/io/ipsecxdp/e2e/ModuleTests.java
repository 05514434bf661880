package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Tests of another module, run in a kernel that this machine may not have.
 *
 * @param module its folder
 * @param selection which of its tests, as options of JUnit's console launcher
 * @param kernel where they run
 * @param cpus on which the JVM starts: an emulated CPU translates code once more for each of its siblings
 */
record ModuleTests(Project project, String module, List<String> selection, Kernel kernel, String cpus) {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Pattern COUNT = Pattern.compile("\\[ *([0-9]+) tests (found|successful) *]");

    /**
     * What became of them.
     *
     * @param text what the console launcher of JUnit printed
     */
    private record Outcome(int found, int successful, String text) {}

    /** Those of the XFRM library that need a kernel with ESP; in its sources: {@code @InGuest}. */
    static ModuleTests ofXfrm(Project project, Kernel kernel) {
        return inGuest(project, "xfrm", "io.ipsecxdp.xfrm", kernel);
    }

    /** Those of the agent that need a kernel with ESP. */
    static ModuleTests ofAgent(Project project, Kernel kernel) {
        return inGuest(project, "agent", "io.ipsecxdp.agent.plan", kernel);
    }

    private static ModuleTests inGuest(Project project, String module, String packageName, Kernel kernel) {
        return new ModuleTests(
                project,
                module,
                List.of("--select-package=" + packageName, "--include-classname=.*IT", "--include-tag=guest"),
                kernel,
                "0");
    }

    /** Those of the XDP program that must hold on every kernel. */
    static ModuleTests ofEveryKernel(Project project, Kernel kernel) {
        return new ModuleTests(project, "bpf", List.of("--select-class=io.ipsecxdp.bpf.EveryKernelIT"), kernel, "0");
    }

    /** Those of libxdp's dispatcher, which some kernels do not let programs be replaced for. */
    static ModuleTests ofDispatcher(Project project, Kernel kernel) {
        return new ModuleTests(project, "bpf", List.of("--select-class=io.ipsecxdp.bpf.DispatcherIT"), kernel, "0,1");
    }

    void assertAllHold() {
        Outcome outcome = run();
        System.out.printf(
                "%d of %d tests of %s hold on kernel %s%n",
                outcome.successful(),
                outcome.found(),
                module,
                kernel.run("uname", "-r").strip());
        assertThat(outcome.successful()).as(outcome.text()).isPositive().isEqualTo(outcome.found());
    }

    /** Copies the tests into the kernel and runs them to their end, whatever becomes of them. */
    private Outcome run() {
        String folder = kernel.run("mktemp", "-d").strip();
        try {
            copy(target(module), List.of("classes/io", "test-classes/io"), folder);
            for (String library : List.of("crds", "bpf", "linux", "xfrm")) {
                copy(target(library), List.of("classes/io"), folder);
            }
            for (String helpers : List.of("linux", "xfrm")) {
                copy(target(helpers), List.of("test-classes/io"), folder);
            }
            copy(project.target(), List.of("in-guest"), folder);
            return outcome(Command.of(kernel.command(launcher(folder)))
                    .within(PATIENCE)
                    .run());
        } finally {
            kernel.run("rm", "-r", folder);
        }
    }

    private Path target(String module) {
        return project.root().resolve(module).resolve("target");
    }

    private List<String> launcher(String folder) {
        List<String> words = new ArrayList<>(List.of(
                "env",
                "-C",
                folder,
                "CI=true",
                "taskset",
                "-c",
                cpus,
                kernel.payload().folder() + "/jre/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                "classes:test-classes:in-guest/*",
                "org.junit.platform.console.ConsoleLauncher",
                "execute",
                "--disable-banner",
                "--disable-ansi-colors",
                "--details=tree",
                "--include-engine=junit-jupiter"));
        words.addAll(selection);
        return words;
    }

    private void copy(Path from, List<String> what, String to) {
        List<String> words = new ArrayList<>(List.of(
                "bash",
                "-euo",
                "pipefail",
                "-c",
                "from=$1 what=$2; shift 2; tar -C \"$from\" -c $what | \"$@\"",
                "copy",
                from.toString(),
                String.join(" ", what)));
        words.addAll(kernel.command(List.of("tar", "-C", to, "-x")));
        Command.of(words).output();
    }

    private static Outcome outcome(Command.Result result) {
        return new Outcome(count(result, "found"), count(result, "successful"), result.toString());
    }

    private static int count(Command.Result result, String what) {
        return COUNT.matcher(result.out())
                .results()
                .filter(match -> match.group(2).equals(what))
                .mapToInt(match -> Integer.parseInt(match.group(1)))
                .findFirst()
                .orElse(0);
    }
}
