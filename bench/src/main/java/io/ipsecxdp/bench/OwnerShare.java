package io.ipsecxdp.bench;

import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.e2e.Cluster;
import io.ipsecxdp.e2e.DeclaredTunnel;
import io.ipsecxdp.e2e.Decrypts;
import io.ipsecxdp.e2e.Load;
import io.ipsecxdp.e2e.Steering;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** Which share of the packets the owner CPU decrypts, with steering and without. */
final class OwnerShare implements Measurement {
    private static final int CPUS = 2;
    private static final int PACKETS = 2_000;
    private static final int PER_SECOND = 1_000;

    @Override
    public String id() {
        return "owner";
    }

    @Override
    public String what() {
        return "share of the packets that the owner CPU decrypts, with steering and without";
    }

    @Override
    public String method() {
        return """
                A probe on the kernel's `xfrm_replay_advance` counts the packets that each SA decrypted on each CPU. The owners are crossed, so that a
                packet which is not steered is decrypted on the wrong CPU.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        Cluster cluster = labs.cluster();
        DeclaredTunnel tunnel =
                DeclaredTunnel.make(cluster.keys(), "bench-owner", cluster.node(0), cluster.node(1), CPUS);
        var steering = Steering.on("eth0", XdpMode.Auto);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        var load = new Load(cluster.lab().daemons(), cluster.node(0), cluster.node(1), CPUS, PACKETS, PER_SECOND);
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
            subjects.put("plain", () -> load.run(decrypts, tunnel.sas()).ownerPercent());
            subjects.put("steered", () -> {
                cluster.applyReady(List.of(steering));
                double percent = load.run(decrypts, tunnel.sas()).ownerPercent();
                cluster.client().resource(steering).delete();
                cluster.awaitSteering("");
                return percent;
            });
            Map<String, Series> percent = Rounds.interleaved(Rounds.LEAST, subjects);
            return List.of(Figure.median(
                            "owner-share",
                            "packets decrypted by the owner CPU, steered; baseline: not steered; owners crossed",
                            "%",
                            percent.get("steered"))
                    .against(percent.get("plain").median())
                    .aiming(Goal.valueAtLeast(100))
                    .on(cluster.lab().kernel().machine()));
        }
    }
}
