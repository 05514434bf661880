package io.ipsecxdp.bpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** BPF programs of the tests, compiled as the product's is. */
final class Compiled {
    /** Maven runs tests in the module's folder. */
    static final Path SOURCES = Path.of("src/main/bpf").toAbsolutePath();

    private Compiled() {}

    static byte[] test(String name) {
        return compile(Path.of("src/test/bpf", name + ".bpf.c").toAbsolutePath());
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
