package io.ipsecxdp.bpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A BPF file system of the test's own. */
final class BpfFolder implements AutoCloseable {
    private final Path path;

    private BpfFolder(Path path) {
        this.path = path;
    }

    static BpfFolder mount() {
        try {
            var path = Files.createTempDirectory("bpf-test");
            Shell.run("mount", "-t", "bpf", "bpf", path.toString());
            return new BpfFolder(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        Shell.run("umount", path.toString());
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
