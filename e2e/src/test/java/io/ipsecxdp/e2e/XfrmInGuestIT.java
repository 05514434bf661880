package io.ipsecxdp.e2e;

import org.junit.jupiter.api.Test;

/** XFRM and agent against a kernel with ESP and the newest iproute2: their own tests that need those, none left out. */
@OnCluster
class XfrmInGuestIT {

    @Test
    void theTestsOfTheXfrmLibraryHoldOnAKernelWithEsp(Cluster cluster) {
        ModuleTests.ofXfrm(cluster.lab().project(), cluster.lab().kernel()).assertAllHold();
    }

    @Test
    void theTestsOfTheAgentHoldOnAKernelWithEsp(Cluster cluster) {
        ModuleTests.ofAgent(cluster.lab().project(), cluster.lab().kernel()).assertAllHold();
    }
}
