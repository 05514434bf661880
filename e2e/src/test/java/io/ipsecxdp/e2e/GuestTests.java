package io.ipsecxdp.e2e;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A module's own tests that need more of a kernel than this machine's may have (in its sources: tag {@code guest}), run in
 * one that has it.
 *
 * @param packageName where they are
 * @param cpus where they run: an emulated CPU translates code once more for each of its siblings
 */
record GuestTests(Project project, Kernel kernel, String module, String packageName, String cpus) {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
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
            copy(project.root().resolve(module).resolve("target"), List.of("classes/io", "test-classes/io"), folder);
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
                "--include-engine=junit-jupiter",
                "--select-package=" + packageName,
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
