package io.ipsecxdp.e2e;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The agent's own tests that need a kernel with ESP (in its sources: {@code @InGuest}), run in a kernel that has it.
 *
 * @param kernel where they run, on CPU 0: an emulated CPU translates code once more for each of its siblings
 */
record AgentTests(Project project, Kernel kernel) {
    private static final Duration PATIENCE = Duration.ofMinutes(6);
    private static final Pattern COUNT = Pattern.compile("\\[ *([0-9]+) tests (found|successful) *]");

    /**
     * What became of them.
     *
     * @param text what the console launcher of JUnit printed
     */
    record Outcome(int found, int successful, String text) {}

    /** Copies the tests into the kernel and runs them to their end, whatever becomes of them. */
    Outcome run() {
        String folder = kernel.run("mktemp", "-d").strip();
        try {
            copy(project.root().resolve("agent/target"), List.of("classes/io", "test-classes/io"), folder);
            copy(project.target(), List.of("in-guest"), folder);
            return outcome(Command.of(kernel.command(launcher(folder)))
                    .within(PATIENCE)
                    .run());
        } finally {
            kernel.run("rm", "-r", folder);
        }
    }

    private List<String> launcher(String folder) {
        return List.of(
                "env",
                "-C",
                folder,
                "CI=true",
                "taskset",
                "-c",
                "0",
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
                "--include-engine=junit-jupiter",
                "--select-package=io.ipsecxdp.agent.xfrm",
                "--include-classname=.*IT",
                "--include-tag=guest");
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
