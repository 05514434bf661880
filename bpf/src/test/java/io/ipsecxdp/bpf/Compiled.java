package io.ipsecxdp.bpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** BPF programs of the tests, compiled by the build as the product's is. */
final class Compiled {
    /** Maven runs tests in the module's folder. */
    static final Path SOURCES = Path.of("src/main/bpf").toAbsolutePath();

    private Compiled() {}

    static byte[] test(String name) {
        return SteerProgram.compiled(name);
    }

    /** As a file, for a program that is not ours. */
    static Path file(String name) {
        try {
            return Files.write(Files.createTempFile(name, ".bpf.o"), test(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] compile(Path source) {
        try {
            var object = Files.createTempFile("compiled", ".bpf.o");
            try {
                Shell.run(source(source, "compile").toString(), source.toString(), object.toString());
                return Files.readAllBytes(object);
            } finally {
                Files.delete(object);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path source(Path source, String name) {
        var beside = source.resolveSibling(name);
        return Files.exists(beside) ? beside : SOURCES.resolve(name);
    }
}
