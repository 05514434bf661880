package io.ipsecxdp.bpf;

import static io.ipsecxdp.bpf.Frames.DESTINATION4;
import static io.ipsecxdp.bpf.Frames.SOURCE4;
import static io.ipsecxdp.bpf.Frames.esp4;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.linux.NetDevice;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every kernel must take, with the lookup or without. e2e runs it on Debian's kernels too. */
@KernelTest(lookup = false)
@Timeout(60)
class EveryKernelIT {
    private static final Capabilities HAS = Capabilities.probe();
    private static final int OWNED_BY_1 = 0x13370011;

    record Choice(AttachedMode mode, boolean lookup, boolean recall) {}

    /** What the loader may choose on this kernel, from what it has down to nothing. */
    static Stream<Choice> choices() {
        return Stream.of(AttachedMode.values())
                .flatMap(mode -> Stream.of(
                        new Choice(mode, false, false), new Choice(mode, true, false), new Choice(mode, true, true)))
                .filter(choice -> HAS.saLookup() || !choice.lookup())
                .filter(choice -> HAS.saRecall() || !choice.recall());
    }

    @ParameterizedTest
    @MethodSource("choices")
    void theVerifierTakesTheProgram(Choice choice) {
        var capabilities = new Capabilities(choice.lookup(), HAS.saOwner(), choice.recall(), true);

        SteerProgram.load(SteerProgram.compiled(), capabilities, choice.mode(), PinnedMaps.none())
                .close();
    }

    @Test
    void theVerifierTakesWhatWatchesTheQueues() {
        var bpffs = BpfFolder.mount();
        try {
            var watch = QueueWatch.open(bpffs.path());
            watch.ifPresent(QueueWatch::close);

            assertThat(watch).isPresent();
        } finally {
            bpffs.close();
        }
    }

    /** By the kernel's word, or by the agent's where the kernel has none. */
    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "GENERIC"})
    void aFrameGetsToTheCpuThatOwnsItsSa(WantedXdpMode mode) {
        var bpffs = BpfFolder.mount();
        try (var node = Namespace.make();
                var peer = Namespace.make()) {
            node.veth("wire", peer, "wire");
            var steerings = new Steerings(bpffs.path(), HAS, Dispatchers.leftAlone(bpffs.path()));
            boolean kernelSays = HAS.saLookup() && HAS.saOwner();
            if (kernelSays) {
                node.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, OWNED_BY_1, OptionalInt.of(1)));
            } else {
                steerings
                        .mirror()
                        .replace(Set.of(new KnownSa(DESTINATION4, OWNED_BY_1, Frames.ESP, OptionalInt.of(1))));
            }
            var device = node.device("wire");
            var opened = node.call(() -> steerings.open(device, mode, SteeringConfig.of(Set.of(0, 1), 2048)));
            assertThat(opened).isInstanceOf(OpenResult.Opened.class);
            try (var steering = ((OpenResult.Opened) opened).steering()) {
                peer.run(() -> {
                    Sys.runOn(0);
                    try (var socket = new Sys.PacketSocket(
                            NetDevice.find("wire").orElseThrow().index())) {
                        socket.send(esp4(OWNED_BY_1));
                    }
                });

                assertThat(afterFirst(steering).get(1)).isEqualTo(new QueueCount(1, 0, 0, 0));
                assertThat(steering.counters()
                                .of(kernelSays ? Outcome.OWNER : Outcome.OWNER_TOLD)
                                .packets())
                        .isEqualTo(1);
                steering.detach();
            }
        } finally {
            bpffs.close();
        }
    }

    /** The kernel tells of a frame only after its CPU may have taken it already. */
    private static List<QueueCount> afterFirst(SteeredInterface steering) {
        Eventually.holds(
                "a frame comes to the queue of a CPU",
                () -> !steering.queues().stream().allMatch(QueueCount.ZERO::equals));
        return steering.queues();
    }
}
