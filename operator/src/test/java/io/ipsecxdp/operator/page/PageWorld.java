package io.ipsecxdp.operator.page;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toUnmodifiableSet;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelPeers;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Clusters to show, as the API server would have them. */
final class PageWorld {
    private static final String UID = "00000000-0000-0000-0000-000000000001";
    private static final String KEY = "A".repeat(43) + "=";

    static final String HOSTILE = "<img src=x onerror=alert(1)>";

    private PageWorld() {}

    static final PageInput NOTHING = new PageInput(List.of(), List.of(), List.of(), List.of(), List.of(), Set.of());

    static String name(int node) {
        return "n%04d".formatted(node);
    }

    /**
     * A mesh of nodes: the agent of every 97th is silent, that of every 31st cannot write, the 5th rekeys, and its Tunnel is not in
     * force everywhere.
     */
    static PageInput mesh(int nodes, int cpus) {
        List<Integer> all = IntStream.range(0, nodes).boxed().toList();
        return new PageInput(
                List.of(
                        tunnel("pods", nodes > 5 ? "False" : "True", nodes > 5),
                        sa("east", 2, "True", "Installed", "it is in force"),
                        sa("west", 1, "False", "KeyMissing", "there is no Secret ipsec-xdp-keys/west: create it")),
                all.stream().map(node -> node(node, cpus)).toList(),
                all.stream().limit(2).map(PageWorld::plan).toList(),
                List.of(peers(all)),
                all.stream().map(PageWorld::share).toList(),
                all.stream()
                        .filter(Predicate.not(PageWorld::isSilent))
                        .map(PageWorld::name)
                        .collect(toUnmodifiableSet()));
    }

    static boolean isSilent(int node) {
        return node % 97 == 96;
    }

    static boolean isFailing(int node) {
        return node % 31 == 30;
    }

    static IPsecNode node(int number, int cpus) {
        String load = IntStream.range(0, cpus)
                .mapToObj(cpu -> "{cpu: %d, packets: %d, dropped: %d}"
                        .formatted(cpu, 1000L * (1 + (cpu * 7 + number) % 9), cpu == 3 && number % 10 == 0 ? 42 : 0))
                .collect(joining(", "));
        return read(IPsecNode.class, """
                metadata: {name: %s, generation: 1}
                status:
                  kernel: 6.18.0
                  agent: 0.1.0
                  cpus: 0-%d
                  securityAssociations: 6/6
                  steering: eth0:Native
                  ownerPercent: 100
                  droppedPackets: 42
                  imbalance: "1.80"
                  capabilities: {esp: true, algorithms: [ENCR_AES_GCM_16], saDirection: true, perCpuSa: false, xfrmKfunc: true}
                  interfaces: [{name: eth0, addresses: [10.0.0.%d], steering: Native}, {name: lo}]
                  steeredTraffic: [{interfaceName: eth0, policy: all, packets: 9, bytes: 9, ownerPercent: 100, dropped: 42, cpus: [%s]}]
                  conditions:
                    - {type: Ready, status: "%s", reason: %s, message: "%s", lastTransitionTime: "2026-01-01T00:00:00Z"}
                """.formatted(
                        name(number),
                        cpus - 1,
                        number % 250,
                        load,
                        isFailing(number) ? "False" : "True",
                        isFailing(number) ? "AgentFailing" : "Ready",
                        isFailing(number)
                                ? "the agent cannot write its journal: make room on its disk"
                                : "the agent does its work"));
    }

    static Tunnel tunnel(String name, String ready, boolean waiting) {
        return read(Tunnel.class, """
                metadata: {name: %s, uid: %s, generation: 3}
                spec: {ends: [{nodeSelector: {}}], traffic: {pods: {}}}
                status:
                  observedGeneration: 3
                  pairs: 10/10
                  mtu: 1438
                  oldestKey: "2026-01-01T00:00:00Z"
                  failedNodes: %d
                  failingNodes: %s
                  conditions:
                    - {type: Ready, status: "%s", reason: WaitsForPeer, message: "the pair waits for n0004", lastTransitionTime: "2026-01-01T00:00:00Z"}
                    - {type: Reconciling, status: "%s", reason: WaitsForPeer, message: "the pair waits for n0004", lastTransitionTime: "2026-01-01T00:00:00Z"}
                """.formatted(
                        name,
                        UID,
                        waiting ? 12 : 0,
                        waiting ? "[{node: n0004, reason: WaitsForPeer, message: its agent is slow}]" : "[]",
                        ready,
                        ready.equals("True") ? "False" : "True"));
    }

    static SecurityAssociation sa(String name, long observed, String ready, String reason, String message) {
        return read(SecurityAssociation.class, """
                metadata: {name: %s, uid: uid-%s, generation: %d}
                spec: {source: {node: n0000, cpu: 0}, destination: {node: n0001, cpu: 1}, spi: 4096}
                status:
                  observedGeneration: %d
                  conditions:
                    - {type: Ready, status: "%s", reason: %s, message: "%s", lastTransitionTime: "2026-01-01T00:00:00Z"}
                    - {type: Stalled, status: "%s", reason: %s, message: "%s", lastTransitionTime: "2026-01-01T00:00:00Z"}
                """.formatted(
                        name,
                        name,
                        observed,
                        observed,
                        ready,
                        reason,
                        message,
                        ready.equals("True") ? "False" : "True",
                        reason,
                        message));
    }

    static NodePlan plan(int node) {
        return read(NodePlan.class, """
                metadata: {name: %1$s-0}
                spec:
                  node: %1$s
                  securityAssociations:
                    - {name: east, uid: uid-east, generation: 2, direction: Out, source: 10.0.0.1, destination: 10.0.0.2, spi: 4096, cpu: 1}
                    - {name: west, uid: uid-west, generation: 1, direction: In, source: 10.0.0.2, destination: 10.0.0.1, spi: 4097}
                status:
                  securityAssociations:
                    - {name: east, uid: uid-east, generation: 2, state: Installed, reason: Installed, message: it is in force}
                """.formatted(name(node)));
    }

    private static TunnelPeers peers(List<Integer> nodes) {
        return read(
                TunnelPeers.class,
                "metadata: {name: pods-0}\nspec:\n  tunnel: pods\n  uid: %s\n  peers:\n".formatted(UID)
                        + nodes.stream()
                                .map(node -> "    - {node: %s, uid: %s, addresses: [10.0.0.1], end: 0, revision: %d}\n"
                                        .formatted(name(node), "uid-of-" + name(node), node + 1))
                                .collect(joining()));
    }

    /** All have followed all, but the 4th. */
    private static KeyShare share(int node) {
        String generation = "{publicKey: %s, created: \"2026-01-01T00:00:00Z\"}".formatted(KEY);
        return read(KeyShare.class, """
                metadata: {name: %s}
                spec:
                  nodeUid: uid-of-%s
                  boot: boot
                  generations: [%s]
                  tunnels: [{uid: %s, accepts: %d, sends: %d}]
                """.formatted(
                        name(node),
                        name(node),
                        node == 5 ? generation + ", " + generation : generation,
                        UID,
                        node == 4 ? 2 : 1_000_000,
                        node == 4 ? 1 : 1_000_000));
    }

    private static <T> T read(Class<T> type, String yaml) {
        return Serialization.unmarshal(yaml, type);
    }

    static PageInput with(PageInput input, CustomResource<?, ? extends DeclaredStatus> another) {
        var declared = new ArrayList<>(input.declared());
        declared.add(another);
        return new PageInput(declared, input.nodes(), input.plans(), input.peers(), input.shares(), input.alive());
    }
}
