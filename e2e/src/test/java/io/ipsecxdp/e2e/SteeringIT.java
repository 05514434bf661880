package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.UnknownSpi;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What a SteeringPolicy can say, from `kubectl apply` to packets on CPUs. */
@OnCluster
class SteeringIT {
    private static final long PACKETS = 500;
    private static final int PER_SECOND = 500;
    private static final int PORT = 5_300;

    /** IPsecNode shows counters once a minute, where they changed by a fifth. */
    static final Duration COUNTERS = Duration.ofSeconds(90);

    /** What an IPsecNode shows at least of so many packets, once they are not news to it. */
    static long shownOf(long packets) {
        return packets * 5 / 6;
    }

    private static SteeringPolicy policy(String name, String yaml) {
        var policy = new SteeringPolicy();
        policy.setMetadata(new ObjectMetaBuilder().withName(name).build());
        policy.setSpec(Serialization.unmarshal(yaml, SteeringPolicySpec.class));
        return policy;
    }

    private static Flow flow(Cluster cluster) {
        return Flow.counted(cluster.node(0), cluster.node(1), PORT, 0, PACKETS, PER_SECOND);
    }

    /** Packets of an SA that the second CPU decrypted, of a flow of which none may be lost. */
    private static long onSecondCpu(Cluster cluster, Decrypts decrypts, long spi) {
        Decrypts.Tally before = decrypts.read();
        Flow.Report report = flow(cluster).run(cluster.lab().daemons());
        Decrypts.Tally after = decrypts.read().since(before);

        assertThat(report.lost()).as(report.toString()).isZero();
        assertThat(after.packets(spi)).isEqualTo(PACKETS);
        return after.packets(spi, 1);
    }

    @Test
    void noChangeOfAPolicyLosesAPacketOrDetachesTheProgram(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "changes", cluster.node(0), cluster.node(1), 2);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        cluster.applyReady(List.of(policy("a", "interfaces: [eth0]\nmode: Native")));
        String program = program(cluster);
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT, PER_SECOND)
                .start(cluster.lab().daemons())) {
            for (String change : List.of(
                    "interfaces: ['eth*']\nmode: Native",
                    "interfaces: [eth0]\nmode: Native\nqueueSize: 512\nassignment: Hash",
                    "interfaces: [eth0]\nmode: Native\nexcludedCpus: '0'\nassignment: Adaptive",
                    "interfaces: [eth0]\nmode: Native\nunknownSPI: Count\nudpPorts: [4500, 4501]\nnuma: Local")) {
                cluster.applyReady(List.of(policy("a", change)));
            }
            cluster.applyReady(List.of(policy("b", "interfaces: ['eth?']\nmode: Native\npriority: 1")));
            Condition loser = cluster.await(
                    policy("a", "interfaces: [eth0]"),
                    "without the interface",
                    condition -> condition.reason().equals(Reason.InterfaceTaken.name()));
            Flow.Report report = flow.end();

            assertThat(loser.message()).contains("SteeringPolicy b", "priority 1");
            assertThat(report.lost()).as(report.toString()).isZero();
            assertThat(report.sent()).isPositive();
        }
        assertThat(program(cluster)).isEqualTo(program);
    }

    private static String program(Cluster cluster) {
        return cluster.node(1).script("ip link show eth0 | grep -o 'prog/xdp id [0-9]*'");
    }

    @Test
    void aPolicyFixesTheCpuOfAnSpi(Cluster cluster) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "fixed", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        long spi = tunnel.sas().stream()
                .filter(sa ->
                        cluster.node(0).name().equals(sa.getSpec().source().node()))
                .findFirst()
                .orElseThrow()
                .getSpec()
                .spi();
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            for (int cpu = 0; cpu < 2; cpu++) {
                cluster.applyReady(List.of(policy(
                        "fixed",
                        "interfaces: [eth0]\nassignment: Fixed\nfixed: [{spi: %d, cpu: %d}]".formatted(spi, cpu))));
                assertThat(onSecondCpu(cluster, decrypts, spi)).isEqualTo(cpu * PACKETS);
            }
        }
    }

    @Test
    void espInUdpIsSteeredOnThePortsOfThePolicy(Cluster cluster) {
        var tunnel = new ForeignTunnel(cluster.node(0), cluster.node(1));
        String address = cluster.node(1).facts().address(IpFamily.IPV4);
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel());
                KernelProcess socket = KernelProcess.start(
                        cluster.lab().daemons(),
                        "encap-socket",
                        cluster.node(1),
                        List.of(
                                cluster.node(1).kernel().payload().traffic(),
                                "encap",
                                "--at",
                                address,
                                "--port",
                                "4501"));
                Wire udp = Wire.count(cluster.lab().daemons(), cluster.lab().nodes(), "encap", "udp dst port 4501")) {
            socket.daemon().awaitText("ready", Duration.ofSeconds(20));
            tunnel.addSa(0x3000, OptionalInt.empty(), OptionalInt.of(1), "encap espinudp 4501 4501 0.0.0.0");
            tunnel.addPolicies();
            cluster.warmUp();
            cluster.applyReady(List.of(policy("nat", "interfaces: [eth0]\nudpPorts: [4500, 4501]")));

            assertThat(onSecondCpu(cluster, decrypts, 0x3000)).isEqualTo(PACKETS);
            assertThat(udp.stop()).isGreaterThanOrEqualTo(PACKETS);
        } finally {
            tunnel.flush();
        }
    }

    @Test
    void onAVlanPacketsAreNotSteeredOrKeepTheirTag(Cluster cluster) {
        for (int i = 0; i < 2; i++) {
            cluster.node(i).script("""
                    ip link add link eth0 name eth0.7 type vlan id 7
                    ip addr add 10.77.0.%d/24 dev eth0.7
                    ip link set eth0.7 up
                    """.formatted(i + 1));
        }
        var tunnel = new ForeignTunnel(cluster.node(0), cluster.node(1), "10.77.0.1", "10.77.0.2");
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            cluster.node(0).run("ping", "-q", "-c", "1", "-W", "5", "10.77.0.2");
            tunnel.addSa(0x3001, OptionalInt.empty(), OptionalInt.of(1));
            tunnel.addPolicies();
            SteeringPolicy careful = policy("vlan", "interfaces: [eth0]\nmode: Native");
            cluster.apply(List.of(careful));
            Condition refused = cluster.await(
                    careful, "refused", condition -> condition.reason().equals(Reason.VlanOffload.name()));
            assertThat(refused.message()).contains("eth0.7", "spec.mode: Generic");
            assertThat(cluster.node(1).run("ip", "link", "show", "eth0")).doesNotContain("prog/xdp");
            onSecondCpu(cluster, decrypts, 0x3001);

            cluster.applyReady(List.of(policy("vlan", "interfaces: [eth0]\nmode: Generic")));
            assertThat(onSecondCpu(cluster, decrypts, 0x3001)).isEqualTo(PACKETS);
        } finally {
            tunnel.flush();
            for (int i = 0; i < 2; i++) {
                cluster.node(i).run("ip", "link", "del", "eth0.7");
            }
        }
    }

    @Test
    void interfacesThatComeGoAndAreRenamedAreFollowed(Cluster cluster) {
        cluster.applyReady(List.of(policy("pattern", "interfaces: [eth0, 'steer?']")));
        cluster.awaitSteering("eth0:Native");
        try {
            for (int i = 0; i < 2; i++) {
                cluster.node(i).run("ip", "link", "add", "steer1", "type", "veth", "peer", "name", "other1");
            }
            cluster.awaitSteering("eth0:Native,steer1:Native");
            for (int i = 0; i < 2; i++) {
                cluster.node(i).run("ip", "link", "set", "steer1", "name", "steer2");
            }
            cluster.awaitSteering("eth0:Native,steer2:Native");
            for (int i = 0; i < 2; i++) {
                cluster.node(i).script("""
                        ip link del steer2
                        ip link add steer2 type veth peer name other1
                        """);
            }
            Await.until(
                    "the new steer2 has the program",
                    Cluster.PATIENCE,
                    cluster::tails,
                    () -> cluster.node(1).run("ip", "link", "show", "steer2").contains(" xdp "));
        } finally {
            for (int i = 0; i < 2; i++) {
                cluster.node(i).script("ip link del other1 || true");
            }
        }
        cluster.awaitSteering("eth0:Native");
    }

    @Test
    void whoSendsUnknownSpisIsToldAndThenDropped(Cluster cluster) {
        var tunnel = new ForeignTunnel(cluster.node(0), cluster.node(1));
        Node receiver = cluster.node(1);
        try {
            receiver.script("echo 1 >/proc/sys/net/ipv4/conf/eth0/forwarding");
            tunnel.addSa(0x3002, OptionalInt.empty(), OptionalInt.empty());
            tunnel.addPolicies();
            receiver.script("ip xfrm state flush");
            cluster.applyReady(List.of(policy("count", "interfaces: [eth0]\nunknownSPI: Count")));
            assertThat(refusedByTheKernel(cluster)).isEqualTo(PACKETS);
            Await.until(
                    "the IPsecNode tells who sends unknown SPIs",
                    COUNTERS,
                    cluster::tails,
                    () -> unknown(cluster).stream()
                            .anyMatch(talker -> talker.spi() == 0x3002 && talker.packets() >= shownOf(PACKETS)));
            assertThat(unknown(cluster).getFirst().source())
                    .isEqualTo(cluster.node(0).facts().address(IpFamily.IPV4));

            cluster.applyReady(List.of(policy("count", "interfaces: [eth0]\nunknownSPI: Drop\nlearningSeconds: 0")));
            assertThat(refusedByTheKernel(cluster)).isZero();

            cluster.applyReady(List.of(policy("count", "interfaces: [eth0]\nunknownSPI: Drop\nlearningSeconds: 3600")));
            assertThat(refusedByTheKernel(cluster)).isEqualTo(PACKETS);
        } finally {
            tunnel.flush();
        }
    }

    private static List<UnknownSpi> unknown(Cluster cluster) {
        return cluster.client()
                .resources(IPsecNode.class)
                .withName(cluster.node(1).name())
                .get()
                .getStatus()
                .unknownSPIs();
    }

    /** Of a flow whose SA the receiver does not have, the packets that came as far as its SAD. */
    private static long refusedByTheKernel(Cluster cluster) {
        long before = withoutSa(cluster);
        Flow.Report report = flow(cluster).run(cluster.lab().daemons());
        assertThat(report.received()).isZero();
        return withoutSa(cluster) - before;
    }

    private static long withoutSa(Cluster cluster) {
        return Long.parseLong(cluster.node(1)
                .script("sed -n 's/^XfrmInNoStates[[:space:]]*//p' /proc/net/xfrm_stat")
                .strip());
    }

    /** The other program is xdp-filter, which drops nothing here and counts what it let pass. */
    @Test
    void anInterfaceIsSharedWithOthersProgramsWhereTheAgentMayJoinThem(Cluster cluster) {
        AgentProcess agent = cluster.agent(1);
        var tunnel = new ForeignTunnel(cluster.node(0), cluster.node(1));
        SteeringPolicy policy = policy("shared", "interfaces: [eth0]\nmode: Native");
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            tunnel.addSa(0x3003, OptionalInt.empty(), OptionalInt.of(1));
            tunnel.addPolicies();
            cluster.warmUp();
            onReceiver(cluster, "xdp-filter load --mode native --policy allow --features ipv4 eth0");
            cluster.apply(List.of(policy));
            Condition refused = cluster.await(
                    policy, "refused", condition -> condition.reason().equals(Reason.ForeignProgram.name()));
            assertThat(refused.message()).contains("n2", "agent.dispatcher");

            agent.terminate();
            agent.startAgain(List.of("IPSEC_XDP_AGENT_DISPATCHER=true"));
            agent.awaitReady();
            cluster.awaitReady(List.of(policy));
            assertThat(onReceiver(cluster, "xdp-loader status eth0")).contains("xdpfilt", "steer");
            long theirs = passed(cluster);
            assertThat(onSecondCpu(cluster, decrypts, 0x3003)).isEqualTo(PACKETS);
            assertThat(passed(cluster)).isGreaterThanOrEqualTo(theirs + PACKETS);

            onReceiver(cluster, "xdp-filter unload eth0");
            assertThat(onSecondCpu(cluster, decrypts, 0x3003)).isEqualTo(PACKETS);
        } finally {
            tunnel.flush();
            try {
                // While the agent may do so: one without the right can take nothing out of a dispatcher
                cluster.deleteDeclared();
            } finally {
                onReceiver(cluster, "xdp-filter unload eth0 || true");
                agent.close();
            }
        }
    }

    /** Packets that xdp-filter let pass. */
    private static long passed(Cluster cluster) {
        String packets = onReceiver(cluster, "xdp-filter status | grep XDP_PASS | grep -oE '[0-9,]+ pkts'");
        return Long.parseLong(packets.replaceAll("[^0-9]", ""));
    }

    private static String onReceiver(Cluster cluster, String script) {
        Node receiver = cluster.node(1);
        return receiver.script(
                "export LIBXDP_BPFFS=%s\n%s".formatted(receiver.facts().bpffs(), script));
    }

    /** The program parses Ethernet; on these it would count each packet as none of its business, and steer nothing. */
    @Test
    void aDeviceWithoutEthernetHeaderIsUnsupportedAndSaysSo(Cluster cluster) {
        cluster.lab()
                .nodes()
                .forEach(node -> node.script("""
                modprobe tun && modprobe ipip
                ip tuntap add mode tun name tun7 && ip link set tun7 up
                ip link add ipip7 type ipip local %s remote 10.10.0.9 && ip link set ipip7 up
                """.formatted(node.facts().address(IpFamily.IPV4))));
        try {
            for (String device : List.of("tun7", "ipip7")) {
                SteeringPolicy steering = policy(device, "interfaces: [%s]".formatted(device));
                cluster.apply(List.of(steering));

                Condition condition = cluster.await(steering, "unsupported", ClusterExtension::isUnsupported);

                assertThat(condition.message()).contains(device, "Ethernet");
            }
            cluster.lab()
                    .nodes()
                    .forEach(node -> assertThat(node.run("ip", "link", "show")).doesNotContain("prog/xdp"));
        } finally {
            cluster.lab().nodes().forEach(node -> node.script("ip link delete tun7; ip link delete ipip7"));
        }
    }

    /** Offline and online again; which CPUs the program sends to is read in between. */
    @Test
    void aCpuThatGoesOfflineIsLeftOutAtOnceAndNoPacketIsLost(Cluster cluster) {
        Needs.that(cluster.lab().kernel() instanceof Guest, "a guest, whose CPUs nobody else needs");
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "offline", cluster.node(0), cluster.node(1), 2);
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        cluster.applyReady(List.of(policy("a", "interfaces: [eth0]\nmode: Native")));
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT, PER_SECOND)
                .start(cluster.lab().daemons())) {
            long away = millisUntil(cluster, false);
            long back = millisUntil(cluster, true);
            Flow.Report report = flow.end();

            // The guest is some ten times slower than a machine; without the kernel's word it takes half a minute
            assertThat(away).isLessThan(5_000);
            assertThat(back).isLessThan(5_000);
            assertThat(report.lost()).as(report.toString()).isZero();
            assertThat(report.sent()).isPositive();
        } finally {
            cluster.lab().kernel().script("echo 1 >/sys/devices/system/cpu/cpu1/online");
        }
    }

    /** Milliseconds from switching CPU 1 on or off until the program does, or does not, send to it. */
    private static long millisUntil(Cluster cluster, boolean online) {
        String millis =
                cluster.lab().kernel().script("""
                queue() { bpftool -j map lookup pinned "$1/eth0/cpus" key 1 0 0 0 2>/dev/null | grep -q '"value"'; }
                echo "$2" >/sys/devices/system/cpu/cpu1/online
                begun=$(date +%s%N)
                for ((i = 0; i < 200; i++)); do
                  if queue "$1"; then now=1; else now=0; fi
                  ((now != $2)) || break
                  sleep 0.05
                done
                echo $((($(date +%s%N) - begun) / 1000000))
                """, cluster.node(1).facts().bpffs() + "/ipsec-xdp", online ? "1" : "0");
        return Long.parseLong(millis.strip());
    }
}
