package io.ipsecxdp.bench;

import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.e2e.Cluster;
import io.ipsecxdp.e2e.DeclaredTunnel;
import io.ipsecxdp.e2e.Flow;
import io.ipsecxdp.e2e.Steering;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** Packets that are lost while agent or operator restart. */
final class Restarts implements Measurement {
    private static final int CPUS = 2;
    private static final int PER_SECOND = 500;
    private static final int PORT = 8_000;

    @Override
    public String id() {
        return "restart";
    }

    @Override
    public String what() {
        return "packets lost while agent or operator restart, at 500 per second each way";
    }

    @Override
    public String method() {
        return """
                A flow of numbered packets runs in both directions while the process is terminated, started again and waited for.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        Cluster cluster = labs.cluster();
        DeclaredTunnel tunnel =
                DeclaredTunnel.make(cluster.keys(), "bench-restart", cluster.node(0), cluster.node(1), CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
        cluster.warmUp();
        Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
        subjects.put(
                "agent",
                () -> lostDuring(cluster, () -> {
                    cluster.agent(1).terminate();
                    cluster.agent(1).startAgain();
                    cluster.agent(1).awaitReady();
                }));
        subjects.put(
                "operator",
                () -> lostDuring(cluster, () -> {
                    cluster.operator().terminate();
                    cluster.operator().startAgain();
                    cluster.operator().awaitReady();
                }));
        return Rounds.interleaved(Rounds.LEAST, subjects).entrySet().stream()
                .map(lost -> Figure.median(
                                lost.getKey() + "-restart-lost",
                                "packets lost while the %s restarts, at %d per second each way"
                                        .formatted(lost.getKey(), PER_SECOND),
                                "packets",
                                lost.getValue())
                        .aiming(Goal.valueAtMost(0))
                        .on(cluster.lab().kernel().machine()))
                .toList();
    }

    private static double lostDuring(Cluster cluster, Runnable happening) {
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT, PER_SECOND)
                .start(cluster.lab().daemons())) {
            happening.run();
            return flow.end().lost();
        }
    }
}
