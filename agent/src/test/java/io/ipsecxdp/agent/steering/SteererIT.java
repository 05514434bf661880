package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.Dispatchers;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.crds.CpuAssignment;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.FixedCpu;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.UnknownSpiAction;
import io.ipsecxdp.crds.VlanOffload;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.linux.Ethtool;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.Links;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.threeten.extra.MutableClock;

/** Steering of real interfaces of this machine's kernel. */
@Timeout(60)
class SteererIT {

    private static final CpuList CPUS = CpuList.parse("0-1");

    @TempDir
    private Path folder;

    private final MutableClock clock = MutableClock.epochUTC();
    private NetworkNamespace namespace;
    private Path bpffs;
    private StateFolder state;

    @BeforeEach
    void makeNode() throws IOException {
        Needs.root();
        Needs.program("ip");
        namespace = NetworkNamespace.create();
        namespace.run("ip link add eth0 type veth peer name peer0");
        namespace.run("ip link set eth0 up");
        bpffs = Files.createDirectories(folder.resolve("bpf"));
        namespace.run("mount -t bpf steerer-it " + bpffs);
        state = StateFolder.open(folder.resolve("state"), "boot");
    }

    @AfterEach
    void removeNode() {
        if (namespace != null) {
            state.close();
            namespace.run("umount " + bpffs);
            namespace.close();
        }
    }

    private Steerer steerer(Path pins) {
        Capabilities can = Capabilities.probe();
        return new Steerer(
                Optional.of(new Steerings(pins, can, Dispatchers.leftAlone(bpffs))),
                Optional.of(can),
                state,
                "boot",
                clock);
    }

    private static Slice slice(XdpMode mode, String cpus, String... interfaces) {
        PlannedSteering steering = new PlannedSteering("steer", "uid", 1L, List.of(interfaces), cpus, 2048, mode);
        return new Slice("s", "s", 1, new NodePlanSpec("n", List.of(), List.of(), List.of(steering)), Optional.empty());
    }

    private InterfaceStatus reconcile(Steerer steerer, Slice slice, String... vlansOnEth0) {
        String entry = slice.spec().steering().getFirst().interfaces().getFirst();
        return namespace
                .call(() -> {
                    Map<String, Link> links = Links.list();
                    for (String vlan : vlansOnEth0) {
                        links.put(vlan, vlan(vlan, links.get("eth0").device()));
                    }
                    return steerer.reconcile(List.of(slice), links, CPUS, Optional.of(Set.of()));
                })
                .get(new InterfaceStatus.Key("uid", entry));
    }

    /** As the kernel would tell of it; not every kernel that tests run on can make one (CONFIG_VLAN_8021Q). */
    private static Link vlan(String name, NetDevice below) {
        return new Link(
                new NetDevice(name, below.index() + 1000),
                Link.ETHERNET,
                "vlan",
                OptionalInt.of(below.index()),
                OptionalInt.empty(),
                false,
                false,
                1500);
    }

    private static Slice slice(VlanOffload vlanOffload, XdpMode mode, String entry) {
        PlannedSteering steering =
                new PlannedSteering("steer", "uid", 1L, List.of(entry), "0-1", 2048, mode, null, null, vlanOffload);
        return new Slice("s", "s", 1, new NodePlanSpec("n", List.of(), List.of(), List.of(steering)), Optional.empty());
    }

    private String vlanInsertion() {
        return namespace.call(() -> Ethtool.activeFeatures("peer0").stream()
                .filter(feature -> feature.contains("-hw-insert"))
                .toList()
                .toString());
    }

    @Test
    void whatAVethKnowsOfItselfIsRead() {
        Map<String, Link> links = namespace.call(Links::list);

        assertThat(links.get("eth0").kind()).isEqualTo("veth");
        assertThat(links.get("eth0").other())
                .hasValue(links.get("peer0").device().index());
        assertThat(links.get("eth0").otherElsewhere()).isFalse();
    }

    @Test
    void interfacesOfDefaultRoutesAreSteeredAndFollowed() {
        namespace.run("ip link set peer0 up");
        namespace.run("ip addr add 192.0.2.1/24 dev eth0");
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            Slice slice = slice(XdpMode.Auto, "0-1", "default route");
            assertThat(reconcile(steerer, slice).status().reason()).isEqualTo(Reason.InterfaceNotFound);

            namespace.run("ip route add default via 192.0.2.2 dev eth0");
            assertThat(reconcile(steerer, slice).status().message()).startsWith("eth0: ");
            assertThat(steerer.steered()).containsOnlyKeys("eth0");

            namespace.run("ip addr add 2001:db8::1/64 dev peer0 nodad");
            namespace.run("ip -6 route add default via 2001:db8::2 dev peer0");
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("eth0", "peer0");

            namespace.run("ip route del default");
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("eth0", "peer0");

            clock.add(DefaultRoutes.PATIENCE);
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("peer0");
        }
    }

    @Test
    void aRouteThatIsDeletedAndAddedAgainLeavesTheProgramOn() {
        namespace.run("ip link set peer0 up");
        namespace.run("ip addr add 192.0.2.1/24 dev eth0");
        namespace.run("ip route add default via 192.0.2.2 dev eth0");
        Slice slice = slice(XdpMode.Auto, "0-1", "default route");
        String program;
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            reconcile(steerer, slice);
            program = program();
            assertThat(program).startsWith("prog/xdp id ");

            namespace.run("ip route del default");
            reconcile(steerer, slice);
            clock.add(DefaultRoutes.PATIENCE.minusSeconds(1));
            assertThat(reconcile(steerer, slice).status().state()).isEqualTo(EntryState.Installed);
            namespace.run("ip route add default via 192.0.2.2 dev eth0");
            reconcile(steerer, slice);
            clock.add(DefaultRoutes.PATIENCE);
            reconcile(steerer, slice);
            assertThat(program()).isEqualTo(program);

            namespace.run("ip route del default");
        }
        try (Steerer next = steerer(bpffs.resolve("ours"))) {
            reconcile(next, slice);
            assertThat(next.steered()).containsOnlyKeys("eth0");

            clock.add(DefaultRoutes.PATIENCE);
            reconcile(next, slice);
            assertThat(next.steered()).isEmpty();
            assertThat(namespace.run("ip link show eth0")).doesNotContain("xdp");
        }
    }

    @Test
    void anInterfaceWithoutAnEthernetHeaderIsRefusedAndLeftAlone() {
        namespace.run("ip tuntap add dev tun9 mode tun");
        namespace.run("ip link set tun9 up");
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            InterfaceStatus refused = reconcile(steerer, slice(XdpMode.Auto, "0-1", "tun9"));

            assertThat(refused.status().state()).isEqualTo(EntryState.Failed);
            assertThat(refused.status().reason()).isEqualTo(Reason.Unsupported);
            assertThat(refused.status().message()).startsWith("tun9 is a tun interface");
            assertThat(refused.mode()).isEmpty();
            assertThat(namespace.run("ip link show tun9")).doesNotContain("xdp");
            assertThat(steerer.steered()).isEmpty();
        }
    }

    @Test
    void aPatternFollowsInterfacesThatComeGoAndAreRenamed() {
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            Slice slice = slice(XdpMode.Auto, "0-1", "eth?");
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("eth0");

            namespace.run("ip link add eth1 type veth peer name peer1");
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("eth0", "eth1");

            namespace.run("ip link set eth1 name eth2");
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("eth0", "eth2");
            assertThat(namespace.run("ip link show eth2")).contains("xdp");

            namespace.run("ip link del eth2");
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("eth0");
        }
    }

    @Test
    void whereAPeerHidesVlanTagsNothingIsSteeredAndItSaysWhy() {
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            Slice slice = slice(VlanOffload.DontSteer, XdpMode.Auto, "eth0");
            reconcile(steerer, slice);
            assertThat(steerer.steered()).containsOnlyKeys("eth0");

            InterfaceStatus refused = reconcile(steerer, slice, "eth0.7");

            assertThat(refused.status().reason()).isEqualTo(Reason.VlanOffload);
            assertThat(refused.status().message())
                    .contains("eth0.7", "SwitchOff", "ethtool -K peer0 tx-vlan-hw-insert off");
            assertThat(namespace.run("ip link show eth0")).doesNotContain("xdp");

            assertThat(reconcile(steerer, slice).status().state()).isEqualTo(EntryState.Installed);
        }
    }

    @Test
    void theOffloadIsSwitchedOffWhereThePolicySaysSo() {
        assertThat(vlanInsertion()).contains("tx-vlan-hw-insert");
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            InterfaceStatus steered =
                    reconcile(steerer, slice(VlanOffload.SwitchOff, XdpMode.Native, "eth0"), "eth0.7");

            assertThat(steered.status().state()).isEqualTo(EntryState.Installed);
            assertThat(vlanInsertion()).isEqualTo("[]");
        }
    }

    @Test
    void genericModeKeepsTagsSoNothingIsInItsWay() {
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            InterfaceStatus steered =
                    reconcile(steerer, slice(VlanOffload.DontSteer, XdpMode.Generic, "eth0"), "eth0.7");

            assertThat(steered.status().state()).isEqualTo(EntryState.Installed);
            assertThat(vlanInsertion()).contains("tx-vlan-hw-insert");
        }
    }

    @Test
    void allInterfacesAreListedEvenThoseWithoutAnAddress() {
        Map<String, Link> links = namespace.call(Links::list);

        assertThat(links).containsOnlyKeys("lo", "eth0", "peer0");
        assertThat(namespace.run("ip -o link show eth0"))
                .startsWith(links.get("eth0").device().index() + ":");
    }

    @Test
    void aModeThatIsDemandedIsHadWithoutLosingTheInterface() {
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            assertThat(reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0")).mode())
                    .contains(XdpMode.Native);
            assertThat(reconcile(steerer, slice(XdpMode.Generic, "0-1", "eth0")).mode())
                    .contains(XdpMode.Generic);
            assertThat(steerer.steered()).containsEntry("eth0", XdpMode.Generic);
        }
    }

    @Test
    void somebodyElsesProgramIsNamedAndLeftAloneUntilItGoes() {
        Steerings foreign = new Steerings(bpffs.resolve("foreign"), Capabilities.probe(), Dispatchers.leftAlone(bpffs));
        namespace.call(() -> foreign.open(
                Links.list().get("eth0").device(),
                io.ipsecxdp.bpf.WantedXdpMode.NATIVE,
                SteeringConfig.of(Set.of(0), 64)));
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            InterfaceStatus refused = reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"));
            assertThat(refused.status().reason()).isEqualTo(Reason.ForeignProgram);
            assertThat(refused.status().message()).contains("id ", "left alone; remove it to steer here.");

            namespace.call(() -> {
                foreign.remove("eth0");
                return true;
            });
            clock.add(Duration.ofSeconds(11));
            assertThat(reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"))
                            .status()
                            .state())
                    .isEqualTo(EntryState.Installed);
        }
    }

    @Test
    void whatSomebodyDetachedIsAttachedAgain() {
        Path pins = bpffs.resolve("ours");
        try (Steerer steerer = steerer(pins)) {
            Slice slice = slice(XdpMode.Auto, "0-1", "eth0");
            reconcile(steerer, slice);
            namespace.call(() -> {
                new Steerings(pins, Capabilities.probe(), Dispatchers.leftAlone(bpffs)).remove("eth0");
                return true;
            });
            assertThat(namespace.run("ip link show eth0")).doesNotContain("xdp");

            reconcile(steerer, slice);

            assertThat(namespace.run("ip link show eth0")).contains("xdp");
        }
    }

    @Test
    void withoutABpfFileSystemItSaysSoInASentence() throws IOException {
        try (Steerer steerer = steerer(Files.createDirectories(folder.resolve("plain")))) {
            InterfaceStatus refused = reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"));
            assertThat(refused.status().reason()).isEqualTo(Reason.Unsupported);
            assertThat(refused.status().message()).contains("not on a BPF file system", "mount -t bpf");
        }
    }

    @Test
    void withoutLibbpfItSaysSoInASentence() {
        try (Steerer steerer = new Steerer(Optional.empty(), Optional.empty(), state, "boot", clock)) {
            InterfaceStatus refused = reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"));
            assertThat(refused.status().reason()).isEqualTo(Reason.Unsupported);
            assertThat(refused.status().message()).contains("libbpf1");
        }
    }

    @Test
    void noChangeOfAPolicyReplacesOrDetachesTheProgram() {
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"));
            String program = program();

            for (PlannedSteering changed : List.of(
                    steering(CpuAssignment.Hash, List.of(), UnknownSpiAction.Count, 4096, "0-1"),
                    steering(CpuAssignment.Fixed, List.of(new FixedCpu(4096L, 1)), UnknownSpiAction.Drop, 64, "1"),
                    steering(CpuAssignment.Adaptive, List.of(), UnknownSpiAction.Pass, 2048, "0"))) {
                Slice slice = new Slice(
                        "s", "s", 1, new NodePlanSpec("n", List.of(), List.of(), List.of(changed)), Optional.empty());
                assertThat(reconcile(steerer, slice).status().state()).isEqualTo(EntryState.Installed);
                assertThat(program()).isEqualTo(program);
            }
        }
    }

    private static PlannedSteering steering(
            CpuAssignment assignment, List<FixedCpu> fixed, UnknownSpiAction unknown, int queueSize, String cpus) {
        return new PlannedSteering(
                "steer",
                "uid",
                1L,
                List.of("eth0"),
                cpus,
                queueSize,
                XdpMode.Auto,
                null,
                null,
                null,
                assignment,
                fixed,
                unknown,
                60,
                List.of(4500, 4501),
                7L,
                null);
    }

    private String program() {
        return namespace.run("ip link show eth0").replaceAll("(?s).*(prog/xdp id [0-9]+).*", "$1");
    }
}
