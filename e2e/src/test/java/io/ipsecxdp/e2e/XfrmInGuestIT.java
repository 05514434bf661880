package io.ipsecxdp.e2e;

import org.junit.jupiter.api.Test;

/** The agent's XFRM against a kernel with ESP and the newest iproute2: its own tests that need those, none left out. */
@OnCluster
class XfrmInGuestIT {

    @Test
    void theAgentsOwnTestsHoldOnAKernelWithEsp(Cluster cluster) {
        ModuleTests.ofXfrm(cluster.lab().project(), cluster.lab().kernel()).assertAllHold();
    }
}
