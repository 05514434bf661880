package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What was installed is removed exactly: `--cleanup`, and nothing of anybody else's. */
@OnCluster
class CleanupIT {
    @Test
    void cleanupRemovesWhatIsOursAndNothingElse(Cluster cluster) {
        var foreign = new ForeignTunnel(cluster.node(0), cluster.node(1));
        try {
            foreign.addSa(0x3000, OptionalInt.empty(), OptionalInt.empty());
            foreign.addPoliciesFor("10.40.1.0/24", "10.40.2.0/24");
            List<NodeState> before = cluster.states();
            DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "cleanup", cluster.node(0), cluster.node(1), 2);
            cluster.applyReady(tunnel.objects());
            cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
            List<NodeState> with = cluster.states();
            assertThat(with).doesNotContainAnyElementsOf(before);

            for (int node = 0; node < 2; node++) {
                cluster.agent(node).terminate();
            }
            assertThat(cluster.states()).as("SIGTERM leaves all as it is").isEqualTo(with);
            for (int node = 0; node < 2; node++) {
                cluster.agent(node).cleanup();
            }

            assertThat(cluster.states()).isEqualTo(before);
        } finally {
            foreign.flush();
        }
    }
}
