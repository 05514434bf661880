package io.ipsecxdp.bpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** bpffs, the only file system that takes pins. */
final class BpfFileSystem {
    private BpfFileSystem() {}

    /** Why pins cannot be made below this folder, which need not exist yet; empty if they can. */
    static Optional<AttachRefusal> refusal(Path folder) {
        var existing = folder.toAbsolutePath();
        while (!Files.exists(existing)) {
            existing = existing.getParent();
        }
        try {
            return Files.getFileStore(existing).type().equals("bpf")
                    ? Optional.empty()
                    : Optional.of(new AttachRefusal(
                            AttachRefusal.Reason.NO_BPFFS,
                            existing + " is not on a BPF file system; mount one there: mount -t bpf bpf " + existing));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
