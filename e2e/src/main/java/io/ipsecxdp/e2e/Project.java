package io.ipsecxdp.e2e;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Where things are in a checkout of the project. */
public record Project(Path root) {

    /**
     * The checkout that the working directory is in.
     *
     * @throws IllegalStateException outside of a checkout
     */
    public static Project here() {
        Path start = Path.of("").toAbsolutePath();
        return Stream.iterate(start, folder -> folder != null, Path::getParent)
                .filter(folder -> Files.isExecutable(folder.resolve("lab/vm")))
                .findFirst()
                .map(Project::new)
                .orElseThrow(() -> new IllegalStateException(
                        start + " is in no checkout of the project: no folder above has lab/vm"));
    }

    /** A script of the folder {@code lab/}. */
    public String lab(String script) {
        return root.resolve("lab").resolve(script).toString();
    }

    public Path crds() {
        return root.resolve("crds");
    }

    public Path examples() {
        return root.resolve("examples");
    }

    public Path agentApp() {
        return built(root.resolve("agent/target/quarkus-app"));
    }

    /** What the agent's JVM is started with. */
    public Path agentOptions() {
        return root.resolve("agent/jvm.options");
    }

    public Path operatorApp() {
        return built(root.resolve("operator/target/quarkus-app"));
    }

    public Path traffic() {
        return built(root.resolve("e2e/target/traffic"));
    }

    public Path target() {
        return root.resolve("e2e/target");
    }

    private static Path built(Path path) {
        if (!Files.exists(path)) {
            throw new IllegalStateException(path + " is missing: run `make build` first");
        }
        return path;
    }
}
