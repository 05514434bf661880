package io.ipsecxdp.linux;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** What a test needs of its machine. Without it the test is skipped and says why; in CI it fails. */
public final class Needs {

    private Needs() {}

    /** Where a program lies that is named so. */
    public static Path program(String name) {
        return onPath(name).orElseGet(() -> {
            missing("the program " + name);
            throw new AssertionError();
        });
    }

    /** The first of several programs that do the same. */
    public static Path oneOf(String... names) {
        return Arrays.stream(names)
                .flatMap(name -> onPath(name).stream())
                .findFirst()
                .orElseGet(() -> {
                    missing("one of the programs " + String.join(", ", names));
                    throw new AssertionError();
                });
    }

    public static void root() {
        if (!"root".equals(System.getProperty("user.name"))) {
            missing("root's rights");
        }
    }

    public static void missing(String what) {
        String sentence = "This test needs " + what + ".";
        if ("true".equals(System.getenv("CI"))) {
            fail(sentence);
        }
        skip(sentence);
    }

    private static void skip(String sentence) {
        System.out.println("SKIPPED: " + sentence);
        abort(sentence);
    }

    private static Optional<Path> onPath(String name) {
        return Arrays.stream((System.getenv("PATH") + ":/usr/sbin:/sbin").split(":"))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
