package io.ipsecxdp.e2e;

import java.nio.file.Path;

/** A disk image with what the harness brings into a guest. */
final class PayloadDisk {
    private static final int ROOM_MIB = 32;

    private PayloadDisk() {}

    /** Makes it in {@code folder}. */
    static Path make(Project project, Path folder) {
        Path image = folder.resolve("payload.img");
        String script = """
                set -euo pipefail
                files=$1 image=$2
                mkdir -p "$files"
                cp -a "$3" "$files/agent"
                cp -a "$4" "$files/traffic"
                megabytes=$(($(du -sm "$files" | cut -f1) * 5 / 4 + %d))
                PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -E lazy_itable_init=0 -O ^has_journal -m 0 -d "$files" "$image" "${megabytes}M"
                rm -r "$files"
                """.formatted(ROOM_MIB);
        Command.of(
                        "bash",
                        "-c",
                        script,
                        "payload",
                        folder.resolve("payload").toString(),
                        image.toString(),
                        project.agentApp().toString(),
                        project.traffic().toString())
                .output();
        return image;
    }
}
