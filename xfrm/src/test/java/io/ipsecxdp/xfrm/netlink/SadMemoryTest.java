package io.ipsecxdp.xfrm.netlink;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.codec.Frame;
import io.ipsecxdp.xfrm.codec.MalformedMessageException;
import io.ipsecxdp.xfrm.codec.MessageWriter;
import io.ipsecxdp.xfrm.codec.SaDigest;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import io.ipsecxdp.xfrm.codec.XfrmEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class SadMemoryTest {

    /**
     * An SA of a dump.
     *
     * @param sent as its counters would, changes with each packet
     * @param reqid with 3, the SA cannot be read
     */
    record Entry(int spi, long reqid, long sent, byte key) {

        Frame shown() {
            ByteBuffer buffer = ByteBuffer.allocateDirect(XfrmEncoder.LARGEST_REQUEST);
            MessageWriter writer = new MessageWriter(buffer, 0);
            Sa sa = SaBuilder.builder()
                    .id(SaId.esp(ip("192.0.2.2"), spi))
                    .source(ip("192.0.2.1"))
                    .direction(SaDir.OUT)
                    .mode(Mode.TUNNEL)
                    .algorithms(Aead.aesGcm(128, 128))
                    .reqid(reqid)
                    .replayWindow(0)
                    .esn(true)
                    .build();
            byte[] bytes = new byte[20];
            bytes[7] = key;
            try (KeyMaterial material = KeyMaterial.takeFrom(bytes)) {
                new XfrmEncoder(writer).change(1, new Change.AddSa(sa, material, sent), Kernels.MODERN);
            }
            if (!readable()) {
                buffer.putShort(FAMILY, (short) 77);
            }
            return Frame.in(buffer, writer.length()).getFirst();
        }

        boolean readable() {
            return reqid != 3;
        }
    }

    /** {@code xfrm_usersa_info.family}, behind the header of its message. */
    private static final int FAMILY = 16 + 212;

    private final SadMemory memory = new SadMemory();

    @Provide
    Arbitrary<List<Entry>> sad() {
        return Combinators.combine(
                        Arbitraries.integers().between(256, 270),
                        Arbitraries.longs().between(1, 3),
                        Arbitraries.longs().between(0, 2))
                .as((spi, reqid, sent) -> new Entry(spi, reqid, sent, (byte) 1))
                .list()
                .uniqueElements(Entry::spi)
                .ofMaxSize(12);
    }

    private Dump<ObservedSa> dump(List<Entry> entries) {
        return memory.refreshed(take -> {
            List<ObservedSa> seen = new ArrayList<>();
            List<Dump.Unreadable> unreadable = new ArrayList<>();
            entries.forEach(entry -> {
                try {
                    take.apply(entry.shown()).ifPresent(seen::add);
                } catch (MalformedMessageException e) {
                    unreadable.add(new Dump.Unreadable("an SA", e.getMessage()));
                }
            });
            return new Dump<>(seen, unreadable);
        });
    }

    private static List<ObservedSa> decoded(List<Entry> entries) {
        return entries.stream()
                .filter(Entry::readable)
                .map(Entry::shown)
                .map(XfrmDecoder::sa)
                .toList();
    }

    @Property
    void aDumpShowsWhatTheKernelShows(
            @ForAll("sad") List<Entry> first, @ForAll("sad") List<Entry> second, @ForAll("sad") List<Entry> third) {
        for (List<Entry> sad : List.of(first, second, third)) {
            Dump<ObservedSa> dump = dump(sad);

            assertThat(dump.entries()).isEqualTo(decoded(sad));
            assertThat(dump.unreadable()).hasSize(sad.size() - dump.entries().size());
        }
    }

    @Property
    void whatDidNotChangeIsTheSameDump(@ForAll("sad") List<Entry> entries) {
        assertThat(dump(entries)).isSameAs(dump(entries));
    }

    @Test
    void aDumpThatWasBegunAgainCountsOnce() {
        List<Entry> entries = List.of(new Entry(256, 1, 0, (byte) 1), new Entry(257, 1, 0, (byte) 1));
        Dump<ObservedSa> before = dump(entries);

        Dump<ObservedSa> after = memory.refreshed(take -> {
            take.apply(entries.getFirst().shown());
            return new Dump<>(
                    entries.stream()
                            .map(entry -> take.apply(entry.shown()).orElseThrow())
                            .toList(),
                    List.of());
        });

        assertThat(after).isSameAs(before);
    }

    @Test
    void keysTakeNoPartInTheDigest() {
        Entry entry = new Entry(256, 1, 7, (byte) 1);

        assertThat(SaDigest.of(new Entry(256, 1, 7, (byte) 2).shown())).isEqualTo(SaDigest.of(entry.shown()));
        assertThat(Optional.of(SaDigest.of(new Entry(256, 1, 8, (byte) 1).shown())))
                .isNotEqualTo(Optional.of(SaDigest.of(entry.shown())));
    }
}
