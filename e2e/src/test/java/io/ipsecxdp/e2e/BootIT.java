package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.SaMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A node that boots sends nothing in clear that it protected before, with and without the API server. */
@OnCluster
class BootIT {
    /** Of an agent, in an emulated guest on a busy machine. */
    private static final Duration START = Duration.ofMinutes(6);

    private static final int PINGS = 200;

    private Cluster cluster;
    private Node n1;
    private final List<DeclaredTunnel> tunnels = new ArrayList<>();
    private boolean apiServerIsAway;

    @BeforeEach
    void tunnelsOfBothFamilies(Cluster given) {
        cluster = given;
        n1 = cluster.node(0);
        for (IpFamily family : IpFamily.values()) {
            tunnels.add(DeclaredTunnel.make(
                    cluster.keys(),
                    "boot-" + family.name().toLowerCase(Locale.ROOT),
                    n1,
                    cluster.node(1),
                    family,
                    SaMode.Tunnel,
                    0));
        }
        tunnels.forEach(tunnel -> cluster.applyReady(tunnel.objects()));
        cluster.warmUp();
    }

    @AfterEach
    void apiServerAndAgent() {
        if (apiServerIsAway) {
            apiServerComes();
        }
        cluster.agent(0).startIfDown();
    }

    @Test
    void nothingIsSentInClearWhileTheApiServerIsAwayAndWhenItComes() {
        List<String> policies = policies();
        cluster.agent(0).terminate();
        cluster.lab().api().stopServer();
        apiServerIsAway = true;
        cluster.agent(0).bootNode();
        assertThat(inClear(this::pingBothFamilies)).as("without an agent").isPositive();

        long clear = inClear(() -> {
            cluster.agent(0).startAgain();
            Await.until(
                    "the policies are in force again",
                    START,
                    cluster::tails,
                    () -> policies().containsAll(policies));
        });
        assertThat(clear).as("of the system itself, until then").isZero();
        clear = inClear(() -> {
            pingBothFamilies();
            apiServerComes();
            cluster.agent(0).awaitReady();
            pingBothFamilies();
        });
        assertThat(clear).as("from the policies on").isZero();
        assertThat(policies()).containsAll(policies);

        tunnels.forEach(tunnel -> tunnel.policies()
                .forEach(policy -> cluster.client().resource(policy).delete()));
        Await.until(
                "the plan orders them away",
                Cluster.PATIENCE,
                cluster::tails,
                () -> policies().isEmpty());
    }

    private void apiServerComes() {
        cluster.lab().api().startServer();
        apiServerIsAway = false;
    }

    /** Packets between pods that leave n1 as they are. */
    private long inClear(Runnable meanwhile) {
        String pods = "%s or %s"
                .formatted(n1.facts().podAddress(IpFamily.IPV4), n1.facts().podAddress(IpFamily.IPV6));
        try (Wire wire = Wire.count(cluster.lab().daemons(), List.of(n1), "clear", "src host " + pods)) {
            meanwhile.run();
            return wire.stop();
        }
    }

    private void pingBothFamilies() {
        for (IpFamily family : IpFamily.values()) {
            n1.tryRun(
                    "ping",
                    "-q",
                    "-i",
                    "0.01",
                    "-c",
                    Integer.toString(PINGS),
                    "-W",
                    "1",
                    "-I",
                    n1.facts().podAddress(family),
                    cluster.node(1).facts().podAddress(family));
        }
    }

    /** Selectors of the SPD that are about pods. */
    private List<String> policies() {
        return n1.run("ip", "xfrm", "policy")
                .lines()
                .filter(line -> line.startsWith("src "))
                .filter(line -> n1.facts().pods().stream().anyMatch(line::contains))
                .map(String::strip)
                .toList();
    }
}
