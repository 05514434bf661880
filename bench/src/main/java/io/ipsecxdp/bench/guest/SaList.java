package io.ipsecxdp.bench.guest;

import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One list of SAs for all who add them: inbound, AES-GCM-256, ESN, at random SPIs (consecutive ones hash badly), each with
 * a reqid of its own (adding SAs of the same ends and reqid takes a time that grows with their square).
 */
record SaList(List<Item> items) {

    /** @param key in hexadecimal, made for this list */
    record Item(long spi, long reqid, String key) {}

    private static final int KEY_BYTES = 36;
    private static final int WINDOW = 128;
    private static final long FIRST_REQID = 0x2000_0000L;

    static SaList random(int count) {
        var random = new SplittableRandom();
        Set<Long> spis = new HashSet<>();
        List<Item> items = new ArrayList<>();
        while (items.size() < count) {
            long spi = random.nextLong(0x1000, 1L << Integer.SIZE);
            if (spis.add(spi)) {
                byte[] key = new byte[KEY_BYTES];
                random.nextBytes(key);
                items.add(
                        new Item(spi, FIRST_REQID + items.size(), HexFormat.of().formatHex(key)));
            }
        }
        return new SaList(List.copyOf(items));
    }

    /** For the C program. */
    void writeTo(Path file) {
        write(
                file,
                items.stream()
                        .map(item -> "%x %x %s".formatted(item.spi(), item.reqid(), item.key()))
                        .toList());
    }

    /** For {@code ip -batch}. */
    void writeAddsTo(Path file) {
        write(
                file,
                items.stream()
                        .map(item ->
                                ("xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x%x reqid %d mode tunnel dir in "
                                                + "flag esn replay-window %d aead rfc4106(gcm(aes)) 0x%s 128")
                                        .formatted(item.spi(), item.reqid(), WINDOW, item.key()))
                        .toList());
    }

    void writeDeletesTo(Path file) {
        write(
                file,
                items.stream()
                        .map(item -> "xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x%x"
                                .formatted(item.spi()))
                        .toList());
    }

    List<Change> adds() {
        return items.stream()
                .<Change>map(item -> new Change.AddSa(
                        sa(item), KeyMaterial.takeFrom(HexFormat.of().parseHex(item.key()))))
                .toList();
    }

    List<Change> deletes() {
        return items.stream()
                .<Change>map(item -> new Change.DeleteSa(sa(item).id()))
                .toList();
    }

    private static Sa sa(Item item) {
        return SaBuilder.builder()
                .id(SaId.esp(address("192.0.2.2"), item.spi()))
                .source(address("192.0.2.1"))
                .direction(SaDir.IN)
                .mode(Mode.TUNNEL)
                .algorithms(Aead.aesGcm(256, 128))
                .reqid(item.reqid())
                .replayWindow(WINDOW)
                .esn(true)
                .build();
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(literal, e);
        }
    }

    private static void write(Path file, List<String> lines) {
        try {
            Files.deleteIfExists(file);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
