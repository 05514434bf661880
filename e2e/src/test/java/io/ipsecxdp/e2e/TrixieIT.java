package io.ipsecxdp.e2e;

import java.nio.file.Path;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian 13's kernel, 6.12: the oldest that looks SAs up and knows their owners. Before there is a cluster: two guests would share the machine. */
@Order(0)
class TrixieIT {

    @Test
    void theXdpProgramHoldsOnDebian13(@TempDir Path folder) {
        Project project = Project.here();
        try (Guest guest =
                Guest.boot(project, KernelChoice.TRIXIE.release(), AgentBundle.of(project), folder.resolve("guest"))) {
            ModuleTests.ofEveryKernel(project, guest).assertAllHold();
        }
    }
}
