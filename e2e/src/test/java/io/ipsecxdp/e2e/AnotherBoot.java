package io.ipsecxdp.e2e;

import java.nio.file.Path;
import java.util.UUID;

/** A node that was booted: its kernel has no SA and no policy, and another boot id; its disk stays. Closed, it has the id of before. */
final class AnotherBoot implements AutoCloseable {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final Node node;

    private AnotherBoot(Node node) {
        this.node = node;
    }

    static AnotherBoot of(Node node) {
        flush(node);
        String file = node.facts().state() + ".boot";
        node.kernel().write(file, UUID.randomUUID() + "\n");
        node.kernel().run("mount", "--bind", file, BOOT_ID.toString());
        return new AnotherBoot(node);
    }

    static void flush(Node node) {
        node.run("ip", "xfrm", "policy", "flush");
        node.run("ip", "xfrm", "state", "flush");
    }

    @Override
    public void close() {
        node.kernel().run("umount", BOOT_ID.toString());
    }
}
