package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.PerCpu;
import io.ipsecxdp.crds.Rekey;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelEnd;
import io.ipsecxdp.crds.TunnelSpec;
import io.ipsecxdp.crds.TunnelTraffic;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A Tunnel for the pods of all nodes, whose keys they agree. */
final class AgreedTunnel {
    /** The first keys take code that an agent has not run yet, in a guest that emulates its CPUs. */
    static final Duration COLD = Cluster.PATIENCE.multipliedBy(3);

    private final Cluster cluster;
    private final String name;
    private final int perCpu;
    private int requests;

    /** @param perCpu SAs for each direction, beside the one without a CPU */
    AgreedTunnel(Cluster cluster, String name, int perCpu) {
        this.cluster = cluster;
        this.name = name;
        this.perCpu = perCpu;
    }

    /** As it is to be declared now. */
    Tunnel declared() {
        Tunnel tunnel = new Tunnel();
        tunnel.setMetadata(new ObjectMetaBuilder().withName(name).build());
        tunnel.setSpec(new TunnelSpec(
                List.of(new TunnelEnd(new LabelSelector())),
                TunnelTraffic.ofPods(),
                new PerCpu(perCpu),
                null,
                new Rekey(null, null, Integer.toString(requests)),
                null,
                null));
        return tunnel;
    }

    /** Declares it and waits until all pairs are in force. */
    void applyReady() {
        cluster.apply(List.of(declared()));
        Await.until(
                "tunnel %s is Ready".formatted(name),
                COLD,
                () -> cluster.ready(declared()) + "\n" + cluster.tails(),
                () -> new Conditions(cluster.client()).isReady(declared()));
    }

    /** Asks for new keys, as a user does; returns the newest of before. */
    Map<String, String> requestKeys() {
        Map<String, String> before = newest();
        requests++;
        cluster.apply(List.of(declared()));
        return before;
    }

    /** The newest public value of each node, by name; only of nodes that nobody uses an older one of. */
    Map<String, String> newest() {
        Map<String, String> newest = new TreeMap<>();
        cluster.client().resources(KeyShare.class).list().getItems().forEach(share -> {
            List<KeyGeneration> shown = share.getSpec().generations();
            if (shown.size() == 1) {
                newest.put(share.getMetadata().getName(), shown.getFirst().publicKey());
            }
        });
        return newest;
    }

    /** Waits until all nodes have other keys than before, and let go of the old ones. */
    void awaitOthersThan(Map<String, String> before) {
        awaitOthersThan(before, cluster.lab().nodes());
    }

    /** Waits until these nodes have other keys than before, and all nodes have let go of the old ones. */
    void awaitOthersThan(Map<String, String> before, List<Node> nodes) {
        Await.until(
                "%s have new keys, and all let go of the old ones"
                        .formatted(nodes.stream().map(Node::name).toList()),
                COLD,
                () -> newest() + " after " + before + "\n" + cluster.tails(),
                () -> {
                    Map<String, String> now = newest();
                    return now.size() == cluster.lab().nodes().size()
                            && nodes.stream()
                                    .map(Node::name)
                                    .noneMatch(node -> now.get(node).equals(before.get(node)));
                });
    }
}
