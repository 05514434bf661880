package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.bpf.jna.XdpFlag;
import io.ipsecxdp.linux.NetDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The life of a steered interface: attached, adopted, changed, detached; and what is in the way. */
@KernelTest
@Timeout(60)
class SteeringsIT {
    private static final SteeringConfig CPU_0 = SteeringConfig.of(Set.of(0), 512);
    private static final SteeringConfig CPUS_0_AND_1 = SteeringConfig.of(Set.of(0, 1), 512);

    private final BpfFolder bpffs = BpfFolder.mount();
    private final Namespace node = Namespace.make();
    private final Namespace peer = Namespace.make();
    private final Path pinFolder = bpffs.path().resolve("agent").resolve("steering");
    private final Steerings steerings =
            new Steerings(pinFolder, Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()));

    @BeforeEach
    void connect() {
        node.veth("wire", peer, "wire");
    }

    @AfterEach
    void remove() {
        node.close();
        peer.close();
        bpffs.close();
    }

    @Test
    void anInterfaceIsSteeredInNativeModeWhereItsDriverCan() {
        var opened = opened(open("wire", WantedXdpMode.AUTO, CPU_0));
        try (var steering = opened.steering()) {
            assertThat(opened.mode()).isEqualTo(AttachedMode.NATIVE);
            assertThat(opened.adopted()).isFalse();
            assertThat(opened.nativeRefused()).isEmpty();
            assertThat(steering.ifname()).isEqualTo("wire");
            assertThat(steering.state())
                    .isEqualTo(new SteeringState(node.device("wire").index(), new TreeMap<>(Map.of(0, 512))));
            assertThat(programs("wire")).isEqualTo(AttachedMode.NATIVE);
        }
    }

    @Test
    void anInterfaceOfJumboFramesIsSteeredInNativeModeToo() {
        node.ip("link", "set", "wire", "mtu", "9000");
        peer.ip("link", "set", "wire", "mtu", "9000");
        var opened = opened(open("wire", WantedXdpMode.AUTO, CPU_0));
        opened.steering().close();
        assertThat(opened.mode()).isEqualTo(AttachedMode.NATIVE);
    }

    @Test
    void anInterfaceWithoutNativeXdpIsSteeredInGenericModeAndItIsSaidWhy() {
        var opened = opened(open("lo", WantedXdpMode.AUTO, CPU_0));
        opened.steering().close();
        assertThat(opened.mode()).isEqualTo(AttachedMode.GENERIC);
        assertThat(opened.nativeRefused()).contains("the driver has no native XDP");
        assertThat(programs("lo")).isEqualTo(AttachedMode.GENERIC);
    }

    @Test
    void whereNativeModeIsDemandedThereIsNoOther() {
        var refusal = refused(open("lo", WantedXdpMode.NATIVE, CPU_0));
        assertThat(refusal.reason()).isEqualTo(AttachRefusal.Reason.NATIVE_REFUSED);
        assertThat(refusal.message()).isEqualTo("the driver has no native XDP");
        assertThat(anyProgram("lo")).isEmpty();
        assertThat(steerings.pinned()).isEmpty();
    }

    @Test
    void genericModeIsTakenWhenWanted() {
        var opened = opened(open("wire", WantedXdpMode.GENERIC, CPU_0));
        opened.steering().close();
        assertThat(opened.mode()).isEqualTo(AttachedMode.GENERIC);
        assertThat(opened.nativeRefused()).isEmpty();
        assertThat(programs("wire")).isEqualTo(AttachedMode.GENERIC);
    }

    @Test
    void anAgentThatStopsLeavesTheInterfaceSteered() {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
        assertThat(programs("wire")).isEqualTo(AttachedMode.NATIVE);
        assertThat(steerings.pinned())
                .containsExactly(new PinnedSteering("wire", node.device("wire").index()));
    }

    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "GENERIC"})
    void theNextAgentAdoptsTheInterfaceReplacesTheProgramAndGoesOnCounting(WantedXdpMode mode) {
        opened(open("wire", mode, CPU_0)).steering().close();
        int program = anyProgram("wire").orElseThrow();
        sendOneFrame();

        var adopted = opened(open("wire", WantedXdpMode.AUTO, CPUS_0_AND_1));
        try (var steering = adopted.steering()) {
            assertThat(adopted.adopted()).isTrue();
            assertThat(adopted.mode().satisfies(mode)).isTrue();
            assertThat(anyProgram("wire").orElseThrow()).isNotEqualTo(program);
            assertThat(Totals.of(steering.counters()).packets()).isEqualTo(1);
            assertThat(steering.state().queues()).isEqualTo(Map.of(0, 512, 1, 512));
            sendOneFrame();
            assertThat(Totals.of(steering.counters()).packets()).isEqualTo(2);
        }
    }

    @Test
    void anotherModeIsTakenByAttachingAgainAndCountersGoOn() {
        opened(open("wire", WantedXdpMode.NATIVE, CPU_0)).steering().close();
        sendOneFrame();

        var opened = opened(open("wire", WantedXdpMode.GENERIC, CPU_0));
        try (var steering = opened.steering()) {
            assertThat(opened.adopted()).isFalse();
            assertThat(programs("wire")).isEqualTo(AttachedMode.GENERIC);
            assertThat(Totals.of(steering.counters()).packets()).isEqualTo(1);
        }
    }

    @Test
    void mapsThatNoLongerFitAreReplacedWhileTheInterfaceStaysSteered() throws IOException {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
        var counters = pinFolder.resolve("wire").resolve("counters");
        Files.delete(counters);
        try (var other = BpfObject.open("witness", Compiled.test("witness"))) {
            other.load();
            Bpf.pin(other.map("arrived"), counters);
        }

        var opened = opened(open("wire", WantedXdpMode.AUTO, CPU_0));
        try (var steering = opened.steering()) {
            assertThat(opened.adopted()).isTrue();
            sendOneFrame();
            assertThat(Totals.of(steering.counters()).packets()).isEqualTo(1);
        }
    }

    @Test
    void detachingLeavesNothing() {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().detach();
        assertThat(anyProgram("wire")).isEmpty();
        steerings.removeShared();
        assertThat(pinFolder).isEmptyDirectory();
        assertThat(steerings.pinned()).isEmpty();
    }

    @Test
    void aSteeringThatWasClosedIsNotUsed() {
        var steering = opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering();
        steering.close();
        steering.close();
        assertThatThrownBy(steering::counters)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the steering of wire was closed");
    }

    @ParameterizedTest
    @EnumSource(WantedXdpMode.class)
    void somebodyElsesProgramIsNamedAndLeftAlone(WantedXdpMode mode) {
        withStrangerOnWire(XdpFlag.NATIVE, id -> {
            assertThat(open("wire", mode, CPU_0)).isEqualTo(new OpenResult.Foreign(id, "stranger", List.of()));
            assertThat(new OpenResult.Foreign(id, "stranger", List.of()).message())
                    .isEqualTo("another XDP program is on the interface: id " + id + " \"stranger\"");
            assertThat(anyProgram("wire")).hasValue(id);
            assertThat(steerings.pinned()).isEmpty();
        });
    }

    /** Its program is any here, as not every kernel lets one be replaced; DispatcherIT has real ones. */
    @Test
    void aDispatcherThatIsInTheWayIsNamedWithItsComponents() {
        withStrangerOnWire(XdpFlag.NATIVE, id -> {
            var pins =
                    bpffs.path().resolve("xdp/dispatch-" + node.device("wire").index() + "-" + id);
            Pins.create(pins);
            try (var program = Bpf.programById(id).orElseThrow()) {
                Bpf.pin(program, pins.resolve("prog0-prog"));
            }
            assertThat(open("wire", WantedXdpMode.AUTO, CPU_0))
                    .isInstanceOfSatisfying(
                            OpenResult.Foreign.class,
                            foreign -> assertThat(foreign.message())
                                    .isEqualTo(
                                            "libxdp's dispatcher is on the interface: id %1$d, with \"stranger\" (id %1$d)"
                                                    .formatted(id)));
            assertThat(anyProgram("wire")).hasValue(id);
            Pins.delete(pins.resolve("prog0-prog"));
        });
    }

    @ParameterizedTest
    @EnumSource(WantedXdpMode.class)
    void somebodyElsesProgramInGenericModeIsInTheWayToo(WantedXdpMode mode) {
        withStrangerOnWire(XdpFlag.GENERIC, id -> {
            assertThat(open("wire", mode, CPU_0)).isEqualTo(new OpenResult.Foreign(id, "stranger", List.of()));
            assertThat(anyProgram("wire")).hasValue(id);
        });
    }

    @Test
    void anotherAgentsSteeringIsForeign() {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
        var other =
                new Steerings(bpffs.path().resolve("other"), Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()));
        var wire = node.device("wire");
        assertThat(node.call(() -> other.open(wire, WantedXdpMode.AUTO, CPU_0)))
                .isEqualTo(new OpenResult.Foreign(anyProgram("wire").orElseThrow(), "steer", List.of()));
    }

    @Test
    void theConfigurationChangesWithoutDetaching() {
        try (var steering = opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering()) {
            int program = anyProgram("wire").orElseThrow();

            assertThat(steering.apply(CPUS_0_AND_1)).isEmpty();
            assertThat(steering.state().queues()).isEqualTo(Map.of(0, 512, 1, 512));
            assertThat(steering.apply(SteeringConfig.of(Set.of(0, 1), 1024))).isEmpty();
            assertThat(steering.state().queues()).isEqualTo(Map.of(0, 1024, 1, 1024));
            assertThat(steering.apply(SteeringConfig.of(Set.of(1), 1024))).isEmpty();
            assertThat(steering.state().queues()).isEqualTo(Map.of(1, 1024));

            assertThat(anyProgram("wire")).hasValue(program);
        }
    }

    @Test
    void whatIsSoAlreadyIsNotWritten() {
        try (var steering =
                opened(open("wire", WantedXdpMode.AUTO, CPUS_0_AND_1)).steering()) {
            var queueThreads = cpumapThreads();
            assertThat(steering.apply(CPUS_0_AND_1)).isEmpty();
            assertThat(cpumapThreads()).isEqualTo(queueThreads).isNotEmpty();
        }
    }

    @Test
    void aCpuThatTheNodeCannotHaveIsRefusedAndNothingChanges() {
        int possible = Bpf.possibleCpus();
        var impossible = SteeringConfig.of(Set.of(0, possible), 512);
        var expected = new AttachRefusal(
                AttachRefusal.Reason.NO_SUCH_CPU,
                "CPU " + possible + " does not exist on this node, which has CPUs 0 to " + (possible - 1));

        assertThat(refused(open("wire", WantedXdpMode.AUTO, impossible))).isEqualTo(expected);
        assertThat(anyProgram("wire")).isEmpty();
        try (var steering = opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering()) {
            assertThat(steering.apply(impossible)).contains(expected);
            assertThat(steering.state().queues()).isEqualTo(Map.of(0, 512));
        }
    }

    @Test
    void anInterfaceThatVanishedIsNoticedAndItsRemainsCanBeRemoved() {
        try (var steering = opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering()) {
            node.ip("link", "del", "wire");
            assertThat(steering.state().ifindex()).isZero();
            assertThat(steerings.pinned()).containsExactly(new PinnedSteering("wire", 0));
        }
        steerings.remove("wire");
        steerings.removeShared();
        assertThat(pinFolder).isEmptyDirectory();
    }

    @Test
    void anInterfaceThatComesBackIsSteeredAgainAndGoesOnCounting() {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
        sendOneFrame();
        node.ip("link", "del", "wire");
        node.veth("wire", peer, "wire");

        var opened = opened(open("wire", WantedXdpMode.AUTO, CPU_0));
        try (var steering = opened.steering()) {
            assertThat(opened.adopted()).isFalse();
            assertThat(steering.state().ifindex()).isPositive();
            assertThat(Totals.of(steering.counters()).packets()).isEqualTo(1);
        }
    }

    @Test
    void aProgramThatSomebodyDetachedIsNoticedAndAttachedAgain() {
        try (var steering = opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering();
                var link = Bpf.pinned(pinFolder.resolve("wire").resolve("link")).orElseThrow()) {
            Bpf.detach(link);
            assertThat(steering.state().ifindex()).isZero();
        }
        var opened = opened(open("wire", WantedXdpMode.AUTO, CPU_0));
        opened.steering().close();
        assertThat(opened.adopted()).isFalse();
        assertThat(programs("wire")).isEqualTo(AttachedMode.NATIVE);
    }

    @Test
    void aSteeringIsRemovedByNameAlsoWhileItRuns() {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
        steerings.remove("wire");
        assertThat(anyProgram("wire")).isEmpty();
        steerings.removeShared();
        assertThat(pinFolder).isEmptyDirectory();
        steerings.remove("wire");
    }

    @Test
    void anInterfaceWithADotInItsNameIsPinnedAndFoundAgain() {
        node.veth("wire.100", peer, "wire.100");
        opened(open("wire.100", WantedXdpMode.AUTO, CPU_0)).steering().close();
        assertThat(steerings.pinned())
                .containsExactly(
                        new PinnedSteering("wire.100", node.device("wire.100").index()));
        var opened = opened(open("wire.100", WantedXdpMode.AUTO, CPU_0));
        assertThat(opened.adopted()).isTrue();
        assertThat(opened.steering().ifname()).isEqualTo("wire.100");
        opened.steering().detach();
    }

    @Test
    void aRenamedInterfaceIsFoundUnderItsOldNameAndFreedByIt() {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
        node.ip("link", "set", "wire", "down");
        node.ip("link", "set", "wire", "name", "renamed");

        int ifindex = node.device("renamed").index();
        assertThat(steerings.pinned()).containsExactly(new PinnedSteering("wire", ifindex));
        assertThat(open("renamed", WantedXdpMode.AUTO, CPU_0)).isInstanceOf(OpenResult.Foreign.class);
        steerings.remove("wire");
        opened(open("renamed", WantedXdpMode.AUTO, CPU_0)).steering().detach();
    }

    @Test
    void aMissingInterfaceIsSaid() {
        var gone = new NetDevice("gone", 4711);
        var refusal = refused(node.call(() -> steerings.open(gone, WantedXdpMode.AUTO, CPU_0)));
        assertThat(refusal.reason()).isEqualTo(AttachRefusal.Reason.NO_SUCH_DEVICE);
        assertThat(refusal.message()).isEqualTo("there is no interface gone with index 4711 (any more)");
    }

    @Test
    void aFolderThatIsNotOnABpfFileSystemIsRefusedWithWhatToDo() {
        var ordinary = Path.of("target", "not-bpffs", "steering").toAbsolutePath();
        var wire = node.device("wire");
        var refusal = refused(
                node.call(() -> new Steerings(ordinary, Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()))
                        .open(wire, WantedXdpMode.AUTO, CPU_0)));
        assertThat(refusal.reason()).isEqualTo(AttachRefusal.Reason.NO_BPFFS);
        assertThat(refusal.message()).contains("is not on a BPF file system; mount one there: mount -t bpf bpf ");
        assertThat(anyProgram("wire")).isEmpty();
    }

    @Test
    void aProgramThatTheKernelRefusesIsReportedAndTheOneThatRunsGoesOn() {
        opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
        int running = anyProgram("wire").orElseThrow();
        var broken = new Steerings(
                pinFolder, Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()), Compiled.test("careless_steer"));
        var wire = node.device("wire");

        var refusal = refused(node.call(() -> broken.open(wire, WantedXdpMode.AUTO, CPU_0)));

        assertThat(refusal.reason()).isEqualTo(AttachRefusal.Reason.KERNEL_REFUSED);
        assertThat(refusal.message()).startsWith("Loading the BPF program steer failed: EACCES");
        assertThat(refusal.log()).contains("invalid access to packet");
        assertThat(anyProgram("wire")).hasValue(running);
    }

    @Test
    void noFileDescriptorIsLeftOpen() {
        open("wire", WantedXdpMode.AUTO, CPU_0);
        opened(open("wire", WantedXdpMode.GENERIC, CPU_0)).steering().detach();
        System.gc();
        long before = openBpfDescriptors();
        for (int i = 0; i < 10; i++) {
            opened(open("wire", WantedXdpMode.AUTO, CPU_0)).steering().close();
            opened(open("wire", WantedXdpMode.GENERIC, CPU_0)).steering().close();
            opened(open("wire", WantedXdpMode.GENERIC, CPUS_0_AND_1)).steering().detach();
            refused(open("lo", WantedXdpMode.NATIVE, CPU_0));
            steerings.pinned();
        }
        assertThat(openBpfDescriptors()).isEqualTo(before);
    }

    private OpenResult open(String ifname, WantedXdpMode mode, SteeringConfig config) {
        var device = node.device(ifname);
        return node.call(() -> steerings.open(device, mode, config));
    }

    private static OpenResult.Opened opened(OpenResult result) {
        assertThat(result).isInstanceOf(OpenResult.Opened.class);
        return (OpenResult.Opened) result;
    }

    private static AttachRefusal refused(OpenResult result) {
        assertThat(result).isInstanceOf(OpenResult.Refused.class);
        return ((OpenResult.Refused) result).refusal();
    }

    private OptionalInt anyProgram(String ifname) {
        var device = node.device(ifname);
        return node.call(() -> Bpf.xdpPrograms(device.index()).any());
    }

    private AttachedMode programs(String ifname) {
        var device = node.device(ifname);
        var programs = node.call(() -> Bpf.xdpPrograms(device.index()));
        assertThat(programs.nativeId() == 0 || programs.genericId() == 0).isTrue();
        assertThat(programs.any()).isPresent();
        return programs.nativeId() != 0 ? AttachedMode.NATIVE : AttachedMode.GENERIC;
    }

    private void withStrangerOnWire(XdpFlag flag, IntConsumer test) {
        var wire = node.device("wire");
        try (var object = BpfObject.open("stranger", Compiled.test("stranger"))) {
            object.load();
            var program = object.program("stranger");
            var link = node.call(() -> Bpf.attachXdp(program, wire.index(), flag));
            test.accept(Bpf.programInfo(program).id());
            link.close();
        }
    }

    private void sendOneFrame() {
        peer.run(() -> {
            try (var socket =
                    new Sys.PacketSocket(NetDevice.find("wire").orElseThrow().index())) {
                socket.send(Frames.esp4(0x1234));
            }
        });
    }

    /** One kernel thread per queue, "cpumap/CPU/map:ID". */
    private static List<String> cpumapThreads() {
        try (var processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(p -> read(p.resolve("comm")).startsWith("cpumap/"))
                    .map(Path::toString)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long openBpfDescriptors() {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(fd -> linkTarget(fd).contains("bpf")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }

    private static String linkTarget(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "";
        }
    }
}
