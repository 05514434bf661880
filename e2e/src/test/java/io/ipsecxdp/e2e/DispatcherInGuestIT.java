package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** An interface shared with others' XDP programs through libxdp, in a kernel that lets programs be replaced. */
@OnCluster
class DispatcherInGuestIT {
    @Test
    void ourProgramLivesBesideOthers(Cluster cluster) {
        GuestTests.Outcome outcome =
                new GuestTests(cluster.lab().project(), cluster.lab().kernel(), "bpf", "io.ipsecxdp.bpf", "0,1").run();

        System.out.printf(
                "%d of %d tests of libxdp's dispatcher hold on kernel %s%n",
                outcome.successful(),
                outcome.found(),
                cluster.node(0).run("uname", "-r").strip());
        assertThat(outcome.successful()).as(outcome.text()).isPositive().isEqualTo(outcome.found());
    }
}
