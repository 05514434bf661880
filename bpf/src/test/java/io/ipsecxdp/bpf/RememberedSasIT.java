package io.ipsecxdp.bpf;

import static io.ipsecxdp.bpf.Frames.DESTINATION4;
import static io.ipsecxdp.bpf.Frames.SOURCE4;
import static io.ipsecxdp.bpf.Frames.esp4;
import static io.ipsecxdp.bpf.Outcome.OWNER;
import static io.ipsecxdp.bpf.Outcome.OWNER_OUTSIDE_POLICY;
import static io.ipsecxdp.bpf.Outcome.SA_UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.XdpFlag;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The program remembers where it found SAs (lookup.h). That must show in its speed alone, whatever shares a place or a memory. */
@KernelTest
@Timeout(120)
class RememberedSasIT {
    private static final int LOOPBACK = 1;
    private static final int PLACES = 8;
    private static final int SET_BITS = 15;
    private static final int TAG_BITS = 13;
    private static final int FIRST_SPI = 0x1000;
    private static final int MARK = 0x42;

    private Namespace node;
    private BpfObject object;
    private SteerProgram steer;
    private Fd attached;

    @BeforeEach
    void prepare() {
        node = Namespace.make();
        object = BpfObject.open("steer", SteerProgram.compiled());
        steer = SteerProgram.load(
                object,
                new Capabilities(true, true, true, true),
                AttachedMode.NATIVE,
                PinnedMaps.none(),
                name -> Optional.empty());
        steer.maps().apply(SteeringConfig.of(Set.of(0), 64));
        // Else each run would patch the kernel's XDP dispatcher, for milliseconds
        attached = node.call(() -> Bpf.attachXdp(steer.program(), LOOPBACK, XdpFlag.GENERIC));
    }

    @AfterEach
    void remove() {
        node.close();
        attached.close();
        steer.close();
    }

    @Test
    void moreSasThanShareALineAreAllFound() {
        var spis = sharingALine(PLACES + 4);
        spis.forEach(spi -> make(spi, owner(spi)));
        for (int i = 0; i < 3; i++) {
            spis.forEach(spi -> assertThat(outcome(spi)).isEqualTo(ofOwner(owner(spi))));
        }
        assertThat(placesTaken(spis.getFirst())).isEqualTo(PLACES);

        spis.forEach(this::delete);
        spis.forEach(spi -> assertThat(outcome(spi)).isEqualTo(SA_UNKNOWN));
    }

    @Test
    void asManySasAsShareALineAreAllRemembered() {
        var spis = sharingALine(PLACES);
        spis.forEach(spi -> make(spi, owner(spi)));
        spis.forEach(this::outcome);
        var remembered = words(spis.getFirst());
        spis.forEach(spi -> assertThat(outcome(spi)).isEqualTo(ofOwner(owner(spi))));
        assertThat(remembered).doesNotContain(0).doesNotHaveDuplicates();
        assertThat(words(spis.getFirst())).isEqualTo(remembered);
    }

    @Test
    void sasThatTheirTagsDoNotTellApartAreSteeredEachByItsOwnOwner() {
        var twins = twins();
        twins.forEach(spi -> make(spi, twins.indexOf(spi)));
        for (int i = 0; i < 10; i++) {
            assertThat(outcome(twins.getFirst())).isEqualTo(OWNER);
            assertThat(outcome(twins.getLast())).isEqualTo(OWNER_OUTSIDE_POLICY);
        }
        assertThat(placesTaken(twins.getFirst())).isEqualTo(1);
    }

    /** The kernel gives the memory of an SA that is gone to the next one. */
    @Test
    void whatIsNowInTheMemoryOfAnSaIsNotTakenForIt() {
        var twins = twins();
        for (int i = 0; i < 200; i++) {
            make(twins.getFirst(), 0);
            assertThat(outcome(twins.getFirst())).isEqualTo(OWNER);
            delete(twins.getFirst());
            make(twins.getLast(), 1);
            assertThat(outcome(twins.getFirst())).isEqualTo(SA_UNKNOWN);
            assertThat(outcome(twins.getLast())).isEqualTo(OWNER_OUTSIDE_POLICY);
            delete(twins.getLast());
            assertThat(outcome(twins.getLast())).isEqualTo(SA_UNKNOWN);
        }
    }

    @Test
    void anSaThatComesAgainElsewhereIsNotThatOfThisNamespace() {
        try (var other = Namespace.make()) {
            for (int i = 0; i < 200; i++) {
                make(FIRST_SPI, 0);
                assertThat(outcome(FIRST_SPI)).isEqualTo(OWNER);
                delete(FIRST_SPI);
                other.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, FIRST_SPI, OptionalInt.of(0)));
                assertThat(outcome(FIRST_SPI)).isEqualTo(SA_UNKNOWN);
                other.run(() -> LarvalSa.delete(DESTINATION4, FIRST_SPI));
            }
        }
    }

    @Test
    void anSaThatComesAgainWithAMarkIsNotTheOneWithout() {
        IntStream.range(FIRST_SPI, FIRST_SPI + 200).forEach(spi -> {
            make(spi, 0);
            assertThat(outcome(spi)).isEqualTo(OWNER);
            delete(spi);
            node.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, spi, OptionalInt.of(0), OptionalInt.of(MARK)));
            assertThat(outcome(spi)).isEqualTo(SA_UNKNOWN);
        });
    }

    private void make(int spi, int owner) {
        node.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, spi, OptionalInt.of(owner)));
    }

    private void delete(int spi) {
        node.run(() -> LarvalSa.delete(DESTINATION4, spi));
    }

    private static int owner(int spi) {
        return spi & 1;
    }

    private static Outcome ofOwner(int owner) {
        return owner == 0 ? OWNER : OWNER_OUTSIDE_POLICY;
    }

    private Outcome outcome(int spi) {
        var frame = esp4(spi);
        var before = steer.maps().counters();
        node.run(() -> Bpf.testRun(steer.program(), frame, frame.length, 1));
        var after = steer.maps().counters();
        return Arrays.stream(Outcome.values())
                .filter(outcome -> !after.of(outcome).equals(before.of(outcome)))
                .reduce((one, other) -> {
                    throw new AssertionError("counted as " + one + " and as " + other);
                })
                .orElseThrow();
    }

    private long placesTaken(int spi) {
        return Arrays.stream(words(spi)).filter(word -> word != 0).count();
    }

    /** What the program remembers of this SPI and of those that share its line. */
    private long[] words(int spi) {
        var line = SteerMaps.nativeOrder(Bpf.lookup(object.map("remembered"), line(spi), PLACES * Long.BYTES)
                        .orElseThrow())
                .asLongBuffer();
        return LongStream.generate(line::get).limit(PLACES).toArray();
    }

    private static int line(int spi) {
        return (int) (hash(spi) >>> Long.SIZE - SET_BITS);
    }

    private static long lineAndTag(int spi) {
        return hash(spi) >>> Long.SIZE - SET_BITS - TAG_BITS;
    }

    /** As in lookup.h: of the SPI as it lies in the packet. */
    private static long hash(int spi) {
        return Integer.toUnsignedLong(Integer.reverseBytes(spi)) * 0x61C8864680B583EBL;
    }

    private static List<Integer> sharingALine(int count) {
        return spis().filter(spi -> line(spi) == line(FIRST_SPI))
                .limit(count)
                .boxed()
                .toList();
    }

    /** Two SPIs of one line and one tag. */
    private static List<Integer> twins() {
        Map<Long, Integer> seen = new HashMap<>();
        return spis().mapToObj(spi ->
                        Optional.ofNullable(seen.put(lineAndTag(spi), spi)).map(other -> List.of(other, spi)))
                .flatMap(Optional::stream)
                .findFirst()
                .orElseThrow();
    }

    /** Spread at random, because the hash keeps neighbours far apart; the same ones each time, none twice. */
    private static IntStream spis() {
        return new Random(1).ints(0x1000, Integer.MAX_VALUE).distinct();
    }
}
