package io.ipsecxdp.e2e;

import org.junit.jupiter.api.Test;

/** The newest kernel that Debian offers: what must hold of the XDP program on every kernel, by its own tests. */
@OnCluster
class NewestKernelIT {

    @Test
    void theXdpProgramHoldsOnTheNewestKernel(Cluster cluster) {
        ModuleTests.ofEveryKernel(cluster.lab().project(), cluster.lab().kernel())
                .assertAllHold();
    }
}
