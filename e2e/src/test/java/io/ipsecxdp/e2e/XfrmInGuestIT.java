package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The agent's XFRM against a kernel with ESP and the newest iproute2: its own tests that need those, none left out. */
@OnCluster
class XfrmInGuestIT {

    @Test
    void theAgentsOwnTestsHoldOnAKernelWithEsp(Cluster cluster) {
        GuestTests.Outcome outcome = new GuestTests(
                        cluster.lab().project(), cluster.lab().kernel(), "agent", "io.ipsecxdp.agent.xfrm", "0")
                .run();

        System.out.printf(
                "%d of %d tests of the agent's XFRM that need ESP hold on kernel %s%n",
                outcome.successful(),
                outcome.found(),
                cluster.node(0).run("uname", "-r").strip());
        assertThat(outcome.successful()).as(outcome.text()).isPositive().isEqualTo(outcome.found());
    }
}
