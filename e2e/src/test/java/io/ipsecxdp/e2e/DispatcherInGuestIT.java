package io.ipsecxdp.e2e;

import org.junit.jupiter.api.Test;

/** An interface shared with others' XDP programs through libxdp, in a kernel that lets programs be replaced. */
@OnCluster
class DispatcherInGuestIT {
    @Test
    void ourProgramLivesBesideOthers(Cluster cluster) {
        ModuleTests.ofDispatcher(cluster.lab().project(), cluster.lab().kernel())
                .assertAllHold();
    }
}
