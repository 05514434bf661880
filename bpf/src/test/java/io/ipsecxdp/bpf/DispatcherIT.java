package io.ipsecxdp.bpf;

import static io.ipsecxdp.bpf.Frames.DESTINATION4;
import static io.ipsecxdp.bpf.Frames.SOURCE4;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.Privileges;
import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.bpf.jna.XdpPrograms;
import io.ipsecxdp.linux.NetDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One interface, our program, and another that xdp-loader brings and takes. */
@KernelTest
@Tag("guest")
@Timeout(240)
class DispatcherIT {
    private static final int OWNED_BY_1 = 0x13370011;
    private static final SteeringConfig BOTH_CPUS = SteeringConfig.of(Set.of(0, 1), 2048);
    private static final SteeringConfig ONLY_CPU_1 = SteeringConfig.of(Set.of(1), 2048);

    /** libxdp knows one in each process. */
    private static final BpfFolder BPFFS = BpfFolder.mount();

    private static final Path NEIGHBOUR = Compiled.file("neighbour");
    private static final byte[] NEXT_VERSION = Compiled.test("no_owner_field");
    private static final Capabilities CAN = Capabilities.probe();

    private final Namespace node = Namespace.make();
    private final Namespace peer = Namespace.make();
    private final Path pinFolder = BPFFS.path().resolve("ours");
    private Steerings steerings;
    private NetDevice wire;
    private Witness witness;
    private Sender sender;

    @BeforeEach
    void connect() {
        assertThat(Dispatchers.lack(BPFFS.path())).isEmpty();
        steerings = new Steerings(pinFolder, CAN, Dispatchers.shared(BPFFS.path()));
        node.veth("wire", peer, "wire");
        wire = node.device("wire");
        witness = node.call(() -> Witness.on(wire));
        sender = new Sender(peer, "wire", witness);
        node.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, OWNED_BY_1, OptionalInt.of(1)));
        peer.run(() -> Sys.runOn(0));
    }

    @AfterEach
    void remove() throws IOException {
        node.run(() -> {
            steerings
                    .pinned()
                    .forEach(pinned ->
                            assertThat(steerings.remove(pinned.ifname())).isEmpty());
            steerings.removeShared();
        });
        loader("unload", "wire", "--all");
        Files.deleteIfExists(BPFFS.path().resolve("seen"));
        witness.close();
        node.close();
        peer.close();
    }

    @AfterAll
    static void unmount() throws IOException {
        Files.delete(NEIGHBOUR);
        BPFFS.close();
    }

    @ParameterizedTest
    @EnumSource(AttachedMode.class)
    void besideAnothersProgramBothSeeEachFrameAndOursSteers(AttachedMode mode) {
        loadNeighbour(mode);
        var opened = opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS));
        try (var steering = opened.steering()) {
            assertThat(opened.shared()).isTrue();
            assertThat(opened.mode()).isEqualTo(mode);
            assertThat(components()).containsExactly("neighbour", "steer");

            sender.send(1_000, OWNED_BY_1);

            assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(1, 1_000L));
            assertThat(steering.counters().of(Outcome.OWNER).packets()).isEqualTo(1_000);
            assertThat(seenByNeighbour()).isEqualTo(1_000);
        }
    }

    @Test
    void anotherProgramJoinsOursAndGoesAgainAndNoFrameIsLostOrMissesOurs() {
        try (var steering =
                opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering()) {
            assertThat(components()).containsExactly("steer");
            long sent = sender.sendDuring(
                    () -> {
                        loadNeighbour(AttachedMode.NATIVE);
                        assertThat(components()).containsExactly("neighbour", "steer");
                        assertThat(ifindex(steering)).isEqualTo(wire.index());
                        unloadNeighbour();
                        assertThat(components()).containsExactly("steer");
                    },
                    OWNED_BY_1);

            assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(1, sent));
            assertThat(steering.counters().of(Outcome.OWNER).packets()).isEqualTo(sent);
            assertThat(ifindex(steering)).isEqualTo(wire.index());
        }
    }

    @Test
    void theNextAgentAdoptsWhatRunsAndChangesOnlyItsConfiguration() {
        loadNeighbour(AttachedMode.NATIVE);
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        sender.send(100, OWNED_BY_1);
        int dispatcher = attached().orElseThrow();

        var adopted = opened(open(steerings, WantedXdpMode.AUTO, ONLY_CPU_1));
        try (var steering = adopted.steering()) {
            assertThat(adopted.adopted()).isTrue();
            assertThat(attached()).hasValue(dispatcher);
            assertThat(node.call(() -> steering.state().queues())).isEqualTo(Map.of(1, 2048));
            assertThat(steering.counters().of(Outcome.OWNER).packets()).isEqualTo(100);
        }
    }

    @Test
    void anotherVersionTakesThePlaceOfOursWithoutALossAndGoesOnCountingBesideTheOther() {
        loadNeighbour(AttachedMode.NATIVE);
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        int neighbour = idOf("neighbour");
        int before = idOf("steer");
        var next = new Steerings(pinFolder, CAN, Dispatchers.shared(BPFFS.path()), NEXT_VERSION);

        long sent = sender.sendDuring(
                () -> {
                    for (int i = 0; i < 3; i++) {
                        opened(open(next, WantedXdpMode.AUTO, BOTH_CPUS))
                                .steering()
                                .close();
                        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS))
                                .steering()
                                .close();
                    }
                },
                OWNED_BY_1);

        assertThat(witness.total()).isEqualTo(sent);
        assertThat(components()).containsExactly("neighbour", "steer");
        assertThat(idOf("neighbour")).isEqualTo(neighbour);
        assertThat(idOf("steer")).isNotEqualTo(before);
        assertThat(seenByNeighbour()).isEqualTo(sent);
        try (var steering =
                opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering()) {
            var counters = steering.counters();
            assertThat(counters.of(Outcome.OWNER).packets()
                            + counters.of(Outcome.HASHED_NO_OWNER_FIELD).packets())
                    .isEqualTo(sent);
        }
    }

    @Test
    void whatACrashLeftInTheDispatcherIsTakenOut() throws IOException {
        loadNeighbour(AttachedMode.NATIVE);
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        try (var pins = Files.list(pinFolder.resolve("wire"))) {
            for (var pin : pins.filter(path -> path.getFileName().toString().startsWith("component-"))
                    .toList()) {
                Files.delete(pin);
            }
        }

        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();

        assertThat(components()).containsExactly("neighbour", "steer");
    }

    @ParameterizedTest
    @EnumSource(AttachedMode.class)
    void oursGoesAndTheOtherStays(AttachedMode mode) {
        loadNeighbour(mode);
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();

        assertThat(node.call(() -> steerings.remove("wire"))).isEmpty();

        assertThat(components()).containsExactly("neighbour");
        assertThat(
                        mode == AttachedMode.NATIVE
                                ? programs().nativeId()
                                : programs().genericId())
                .isNotZero();
        sender.send(10, OWNED_BY_1);
        assertThat(seenByNeighbour()).isEqualTo(10);
        assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(0, 10L));
    }

    @Test
    void nothingOfOursIsLeft() {
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        node.run(() -> {
            steerings.remove("wire");
            steerings.removeShared();
        });
        assertThat(attached()).isEmpty();
        assertThat(pinFolder).isEmptyDirectory();
        assertThat(BPFFS.path().resolve("xdp")).isEmptyDirectory();
    }

    @Test
    void nothingIsLeftOfAnInterfaceThatIsGone() {
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        node.ip("link", "del", "wire");
        assertThat(node.call(steerings::pinned)).containsExactly(new PinnedSteering("wire", 0));

        node.run(() -> {
            steerings.remove("wire");
            steerings.removeShared();
        });

        assertThat(pinFolder).isEmptyDirectory();
        assertThat(BPFFS.path().resolve("xdp")).isEmptyDirectory();
        node.veth("wire", peer, "wire");
    }

    @Test
    void ourProgramThatSomebodyUnloadedIsNoticedAndAttachedAgain() {
        try (var steering =
                opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering()) {
            loader("unload", "wire", "--all");
            assertThat(node.call(() -> steering.state().ifindex())).isZero();
        }
        var opened = opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS));
        opened.steering().close();
        assertThat(opened.adopted()).isFalse();
        assertThat(components()).containsExactly("steer");
    }

    @Test
    void anInterfaceThatOthersShareInAnotherModeIsRefusedAndTheyAreNamed() {
        loadNeighbour(AttachedMode.GENERIC);
        var refusal = refused(open(steerings, WantedXdpMode.NATIVE, BOTH_CPUS));
        assertThat(refusal.reason()).isEqualTo(AttachRefusal.Reason.SHARED_IN_OTHER_MODE);
        assertThat(refusal.message())
                .isEqualTo("others' programs are on the interface in another mode: \"neighbour\" (id %d)"
                        .formatted(idOf("neighbour")));
        assertThat(components()).containsExactly("neighbour");
        assertThat(node.call(steerings::pinned)).isEmpty();
    }

    @Test
    void anAgentThatMayNotShareNamesWhoIsThereAndLeavesThemAlone() {
        loadNeighbour(AttachedMode.NATIVE);
        var foreign = open(alone(), WantedXdpMode.AUTO, BOTH_CPUS);
        assertThat(foreign)
                .isEqualTo(new OpenResult.Foreign(
                        attached().orElseThrow(),
                        "xdp_dispatcher",
                        List.of("\"neighbour\" (id %d)".formatted(idOf("neighbour")))));
        assertThat(((OpenResult.Foreign) foreign).message())
                .isEqualTo("libxdp's dispatcher is on the interface: id %d, with \"neighbour\" (id %d)"
                        .formatted(attached().orElseThrow(), idOf("neighbour")));
        assertThat(components()).containsExactly("neighbour");
    }

    @Test
    void anAgentThatMayNotShareAnyMoreLeavesTheProgramWhereItIs() {
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();

        assertThat(refused(open(alone(), WantedXdpMode.AUTO, BOTH_CPUS)).reason())
                .isEqualTo(AttachRefusal.Reason.DISPATCHER_NEEDED);
        assertThat(node.call(() -> alone().remove("wire"))).isPresent();

        assertThat(components()).containsExactly("steer");
        assertThat(opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).adopted())
                .isTrue();
    }

    @Test
    void anAgentThatMayShareNowMovesIntoADispatcherAndGoesOnCounting() {
        opened(open(alone(), WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        sender.send(10, OWNED_BY_1);

        var opened = opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS));
        try (var steering = opened.steering()) {
            assertThat(opened.adopted()).isFalse();
            assertThat(components()).containsExactly("steer");
            assertThat(steering.counters().of(Outcome.OWNER).packets()).isEqualTo(10);
        }
    }

    @Test
    void inGenericModeItSharesToo() {
        var opened = opened(open(steerings, WantedXdpMode.GENERIC, BOTH_CPUS));
        opened.steering().close();
        assertThat(opened.mode()).isEqualTo(AttachedMode.GENERIC);
        loadNeighbour(AttachedMode.GENERIC);
        sender.send(500, OWNED_BY_1);
        assertThat(witness.arrived(OWNED_BY_1)).isEqualTo(Map.of(1, 500L));
    }

    @Test
    void whereTheDriverHasNoNativeXdpItFallsBackAndSaysWhy() {
        var lo = node.device("lo");
        var opened = opened(node.call(() -> steerings.open(lo, WantedXdpMode.AUTO, BOTH_CPUS)));
        opened.steering().close();
        assertThat(opened.mode()).isEqualTo(AttachedMode.GENERIC);
        assertThat(opened.nativeRefused()).contains("the driver has no native XDP");
        assertThat(refused(node.call(() -> steerings.open(lo, WantedXdpMode.NATIVE, BOTH_CPUS)))
                        .reason())
                .isEqualTo(AttachRefusal.Reason.NATIVE_REFUSED);
        node.run(() -> steerings.remove("lo"));
    }

    @Test
    void sharingTakesOneCapabilityMoreThanSteering() {
        var three = List.of(Privileges.NET_ADMIN, Privileges.BPF, Privileges.PERFMON);
        assertThat(withOnly(three, () -> Dispatchers.lack(BPFFS.path())).orElseThrow())
                .contains("CAP_SYS_ADMIN");
        var four = new ArrayList<>(three);
        four.add(Privileges.SYS_ADMIN);
        loadNeighbour(AttachedMode.NATIVE);
        node.run(() -> Privileges.keepOnly(four.stream().mapToInt(i -> i).toArray()));
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        assertThat(node.call(() -> steerings.remove("wire"))).isEmpty();
        assertThat(components()).containsExactly("neighbour");
    }

    @Test
    void noFileDescriptorIsLeftOpen() {
        loadNeighbour(AttachedMode.NATIVE);
        openCloseRemove();
        System.gc();
        long before = openBpfDescriptors();
        for (int i = 0; i < 2; i++) {
            openCloseRemove();
        }
        assertThat(openBpfDescriptors()).isEqualTo(before);
    }

    private void openCloseRemove() {
        opened(open(steerings, WantedXdpMode.AUTO, BOTH_CPUS)).steering().close();
        opened(open(steerings, WantedXdpMode.AUTO, ONLY_CPU_1)).steering().close();
        open(alone(), WantedXdpMode.AUTO, BOTH_CPUS);
        node.run(() -> {
            steerings.pinned();
            steerings.remove("wire");
        });
    }

    private Steerings alone() {
        return new Steerings(pinFolder, CAN, Dispatchers.leftAlone(BPFFS.path()));
    }

    private OpenResult open(Steerings by, WantedXdpMode mode, SteeringConfig config) {
        return node.call(() -> by.open(wire, mode, config));
    }

    private static OpenResult.Opened opened(OpenResult result) {
        assertThat(result).isInstanceOf(OpenResult.Opened.class);
        return (OpenResult.Opened) result;
    }

    private static AttachRefusal refused(OpenResult result) {
        assertThat(result).isInstanceOf(OpenResult.Refused.class);
        return ((OpenResult.Refused) result).refusal();
    }

    private void loadNeighbour(AttachedMode mode) {
        var loaded = loader(
                "load",
                "-m",
                mode == AttachedMode.NATIVE ? "native" : "skb",
                "-p",
                BPFFS.path().toString(),
                "wire",
                NEIGHBOUR.toString());
        assertThat(loaded.status()).as(loaded.output()).isZero();
    }

    private void unloadNeighbour() {
        var unloaded = loader("unload", "wire", "--id", String.valueOf(idOf("neighbour")));
        assertThat(unloaded.status()).as(unloaded.output()).isZero();
    }

    private Shell.Result loader(String... words) {
        var command = new ArrayList<>(List.of(
                "nsenter", "--net=/run/netns/" + node.name(), "env", "LIBXDP_BPFFS=" + BPFFS.path(), "xdp-loader"));
        command.addAll(Arrays.asList(words));
        return Shell.tried(command.toArray(String[]::new));
    }

    private long seenByNeighbour() {
        try (var map = Bpf.pinned(BPFFS.path().resolve("seen")).orElseThrow()) {
            int cpus = Bpf.possibleCpus();
            var values = ByteBuffer.wrap(Bpf.lookup(map, 0, cpus * Long.BYTES).orElseThrow())
                    .order(ByteOrder.nativeOrder());
            return IntStream.range(0, cpus).mapToLong(cpu -> values.getLong()).sum();
        }
    }

    private int ifindex(SteeredInterface steering) {
        return node.call(() -> steering.state().ifindex());
    }

    private OptionalInt attached() {
        return programs().any();
    }

    private XdpPrograms programs() {
        return node.call(() -> Bpf.xdpPrograms(wire.index()));
    }

    private List<Dispatcher.Component> found() {
        return node.call(() -> Dispatchers.leftAlone(BPFFS.path()).on(wire.index()))
                .map(Dispatcher::components)
                .orElse(List.of());
    }

    private List<String> components() {
        return found().stream().map(component -> component.program().name()).toList();
    }

    private int idOf(String name) {
        return found().stream()
                .map(Dispatcher.Component::program)
                .filter(program -> program.name().equals(name))
                .findFirst()
                .orElseThrow()
                .id();
    }

    private static <T> T withOnly(List<Integer> capabilities, Callable<T> call) {
        try (var thread = Executors.newSingleThreadExecutor()) {
            return Namespace.result(thread.submit(() -> {
                Privileges.keepOnly(capabilities.stream().mapToInt(i -> i).toArray());
                return call.call();
            }));
        }
    }

    private static long openBpfDescriptors() {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(fd -> linkTarget(fd).contains("bpf")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
