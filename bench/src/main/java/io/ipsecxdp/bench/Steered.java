package io.ipsecxdp.bench;

import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.Dispatchers;
import io.ipsecxdp.bpf.OpenResult;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.e2e.Command;
import io.ipsecxdp.linux.NetDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** The product's own steering of {@link Pour#WIRE}, by owner, as an agent begins it. In the calling thread's network namespace. */
final class Steered implements AutoCloseable {
    private final Path bpffs;
    private final Steerings steerings;
    private final SteeringConfig config;

    Steered(int queueSize, int cpu) {
        try {
            bpffs = Files.createTempDirectory("bench-bpf");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Command.of("mount", "-t", "bpf", "bpf", bpffs.toString()).output();
        steerings = new Steerings(bpffs, Capabilities.probe(), Dispatchers.leftAlone(bpffs));
        config = SteeringConfig.of(Set.of(cpu), queueSize);
    }

    /** Gives what ends it. */
    Runnable begin() {
        var device = NetDevice.find(Pour.WIRE).orElseThrow();
        return switch (steerings.open(device, WantedXdpMode.NATIVE, config)) {
            case OpenResult.Opened opened -> opened.steering()::detach;
            case OpenResult.Foreign foreign -> throw new IllegalStateException(foreign.message());
            case OpenResult.Refused(var refusal) -> throw new IllegalStateException(refusal.toString());
        };
    }

    @Override
    public void close() {
        steerings.removeShared();
        Command.of("umount", bpffs.toString()).output();
        try {
            Files.delete(bpffs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
