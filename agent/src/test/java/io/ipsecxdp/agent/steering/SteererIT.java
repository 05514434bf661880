package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.Needs;
import io.ipsecxdp.agent.jna.NetworkNamespace;
import io.ipsecxdp.agent.loop.MovableClock;
import io.ipsecxdp.agent.node.Links;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.plan.SteeringStanding;
import io.ipsecxdp.agent.state.StateFolder;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.NetDevice;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.XdpMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Steering of real interfaces of this machine's kernel. */
@Timeout(60)
class SteererIT {

    private static final CpuList CPUS = CpuList.parse("0-1");

    @TempDir
    private Path folder;

    private final MovableClock clock = new MovableClock();
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
        return new Steerer(Optional.of(new Steerings(pins, can)), Optional.of(can), state, "boot", clock);
    }

    private static Slice slice(XdpMode mode, String cpus, String... interfaces) {
        PlannedSteering steering = new PlannedSteering("steer", "uid", 1L, List.of(interfaces), cpus, 2048, mode);
        return new Slice("s", "s", 1, new NodePlanSpec("n", List.of(), List.of(), List.of(steering)), Optional.empty());
    }

    private SteeringStanding reconcile(Steerer steerer, Slice slice) {
        return namespace
                .call(() -> steerer.reconcile(List.of(slice), Links.list(), CPUS))
                .get(new SteeringStanding.Key("uid", "eth0"));
    }

    @Test
    void allInterfacesAreListedEvenThoseWithoutAnAddress() {
        Map<String, NetDevice> devices = namespace.call(Links::list);

        assertThat(devices).containsOnlyKeys("lo", "eth0", "peer0");
        assertThat(namespace.run("ip -o link show eth0"))
                .startsWith(devices.get("eth0").index() + ":");
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
        Steerings foreign = new Steerings(bpffs.resolve("foreign"), Capabilities.probe());
        namespace.call(() -> foreign.open(
                Links.list().get("eth0"), io.ipsecxdp.bpf.XdpMode.NATIVE, SteeringConfig.of(Set.of(0), 64)));
        try (Steerer steerer = steerer(bpffs.resolve("ours"))) {
            SteeringStanding refused = reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"));
            assertThat(refused.standing().reason()).isEqualTo(Reason.ForeignProgram);
            assertThat(refused.standing().message()).contains("id ", "left alone");

            namespace.call(() -> {
                foreign.remove("eth0");
                return true;
            });
            clock.advance(Duration.ofSeconds(11));
            assertThat(reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"))
                            .standing()
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
                new Steerings(pins, Capabilities.probe()).remove("eth0");
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
            SteeringStanding refused = reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"));
            assertThat(refused.standing().reason()).isEqualTo(Reason.Unsupported);
            assertThat(refused.standing().message()).contains("not on a BPF file system", "mount -t bpf");
        }
    }

    @Test
    void withoutLibbpfItSaysSoInASentence() {
        try (Steerer steerer = new Steerer(Optional.empty(), Optional.empty(), state, "boot", clock)) {
            SteeringStanding refused = reconcile(steerer, slice(XdpMode.Auto, "0-1", "eth0"));
            assertThat(refused.standing().reason()).isEqualTo(Reason.Unsupported);
            assertThat(refused.standing().message()).contains("libbpf1");
        }
    }
}
