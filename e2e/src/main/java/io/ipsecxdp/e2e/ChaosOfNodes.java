package io.ipsecxdp.e2e;

import io.ipsecxdp.crds.XdpMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Nodes are booted and lose SAs, links and CPUs go, disks fill, clocks step, neighbours come and go.
 *
 * <p>What a boot, a flush or a link takes from packets on their way is not the product's to keep: for these the traffic is
 * paused, and must be whole from the first packet after.
 */
record ChaosOfNodes(Cluster cluster, ChaosSubject subject, ChaosTraffic traffic, ChaosDice dice) {
    /** Steered like eth0; nothing goes over it, so it may go under traffic. */
    private static final String SPARE = "spare0";

    /** Steers, and makes the spare links; before there is traffic. */
    static void prepare(Cluster cluster) {
        cluster.lab()
                .nodes()
                .forEach(node -> node.script(
                        "ip link add %s type veth peer name spare1 && ip link set spare1 up && ip link set %1$s up"
                                .formatted(SPARE)));
        cluster.applyReady(
                List.of(Steering.on("eth0", XdpMode.Native), Steering.on(SPARE, XdpMode.Native)),
                ChaosSubject.PATIENCE);
    }

    Map<String, Runnable> happenings() {
        Map<String, Runnable> all = new LinkedHashMap<>();
        all.put("a node is booted", this::nodeIsBooted);
        all.put("a node loses its SAs", this::nodeLosesItsSas);
        all.put("the link between the nodes goes and comes back", this::linkGoes);
        all.put("another steered link goes and comes back", this::spareLinkGoes);
        all.put("SAs are replaced while a disk is full", this::diskIsFull);
        all.put("a CPU goes offline and comes back", this::cpuGoes);
        all.put("the clock steps", this::clockSteps);
        all.put("SAs of somebody else come and go", this::neighbours);
        return all;
    }

    private void nodeIsBooted() {
        AgentProcess agent = dice.agent();
        traffic.pausedFor(() -> subject.renew(agent.node(), () -> {
            agent.bootNode();
            ChaosForeign.add(agent.node());
            agent.startAgain();
            agent.awaitReady();
        }));
        cluster.awaitReady(List.of(Steering.on("eth0", XdpMode.Native)), ChaosSubject.PATIENCE);
    }

    private void nodeLosesItsSas() {
        Node node = dice.node();
        traffic.pausedFor(() -> subject.renew(node, () -> {
            node.run("ip", "xfrm", "state", "flush");
            node.run(
                    "ip", "xfrm", "policy", "delete", "src", "203.0.113.0/25", "dst", "203.0.113.128/25", "dir", "out");
            ChaosForeign.add(node);
        }));
    }

    /** With its routes, which the kernel drops with it and a node's own network daemon brings back. */
    private void linkGoes() {
        Node node = dice.node();
        traffic.pausedFor(() -> {
            node.script("""
                    for family in -4 -6; do
                      ip $family route show dev eth0 | sed -n '/ via /s/^/route replace /; s/$/ dev eth0/p'
                    done >/run/eth0.routes
                    echo 1 >/proc/sys/net/ipv6/conf/eth0/keep_addr_on_down
                    ip link set eth0 down
                    """);
            dice.pause();
            node.script("ip link set eth0 up && ip -batch /run/eth0.routes");
        });
    }

    private void spareLinkGoes() {
        Node node = dice.node();
        node.run("ip", "link", "set", SPARE, "down");
        dice.pause();
        node.run("ip", "link", "set", SPARE, "up");
    }

    private void diskIsFull() {
        String folder = dice.node().facts().state();
        // To the last byte, whatever the agent writes meanwhile
        cluster.lab().kernel().script("! cat /dev/zero >%s/full 2>&-".formatted(folder));
        try {
            subject.beginChange();
            dice.longPause();
        } finally {
            cluster.lab().kernel().script("rm %s/full".formatted(folder));
        }
        subject.endChange();
    }

    private void cpuGoes() {
        String cpu = "/sys/devices/system/cpu/cpu1/online";
        if (cluster.lab().kernel() instanceof Guest guest) {
            guest.script("echo 0 >" + cpu);
            dice.pause();
            guest.script("echo 1 >" + cpu);
        }
    }

    private void clockSteps() {
        if (cluster.lab().kernel() instanceof Guest guest) {
            int seconds = dice.between(-600, 600);
            guest.script("date -s @$(($(date +%%s) + %d))".formatted(seconds));
            dice.pause();
            guest.script("date -s @$(($(date +%%s) - %d))".formatted(seconds));
        }
    }

    private void neighbours() {
        ChaosForeign.comeAndGo(
                dice.node(),
                "192.0.2." + dice.between(1, 77),
                "198.51.100." + dice.between(1, 77),
                dice.between(256, 1 << 30),
                dice::pause);
    }
}
