package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a generation of this node and one of another have in common, and all keys between them come of. Both ends come to the
 * same, whichever of them asks.
 *
 * <p>Each field of what is mixed in is preceded by its length, so that no two different ones look alike.
 */
final class PairSecret implements AutoCloseable {
    /** Another way to derive keys is another text. */
    private static final String VERSION = "ipsec-xdp tunnel v1";

    /** RFC 4303, section 2.1: those up to 255 are reserved. */
    static final long FIRST_SPI = 256;

    /** One end: its Node's uid, and the public value of its generation. */
    record Party(String uid, byte[] publicValue) {}

    /**
     * One SA between the two.
     *
     * @param tunnel uid of the Tunnel
     * @param source uid of the Node that sends
     * @param destination uid of the Node that receives
     * @param cpu the sender's CPU; empty for the SA without one
     * @param cipher algorithm and length of its key, which a key is never shared between
     */
    record Which(String tunnel, String source, String destination, Optional<Integer> cpu, String cipher) {}

    private final KeyMaterial pseudorandomKey;

    private PairSecret(KeyMaterial pseudorandomKey) {
        this.pseudorandomKey = pseudorandomKey;
    }

    /**
     * @param presharedKey mixed in after what was agreed; without it nothing is
     * @throws IllegalArgumentException as {@link X25519#agree}
     */
    static PairSecret of(KeyMaterial privateValue, Party own, Party other, Optional<KeyMaterial> presharedKey) {
        boolean ownFirst = own.uid().compareTo(other.uid()) < 0;
        Party first = ownFirst ? own : other;
        Party second = ownFirst ? other : own;
        byte[] salt = joined(
                bytes(VERSION), bytes(first.uid()), first.publicValue(), bytes(second.uid()), second.publicValue());
        try (KeyMaterial agreed = X25519.agree(privateValue, other.publicValue());
                KeyMaterial secret =
                        presharedKey.map(psk -> together(agreed, psk)).orElseGet(() -> copy(agreed))) {
            return new PairSecret(Hkdf.extract(salt, secret));
        }
    }

    /** Key and salt of an SA, as the kernel takes them. */
    KeyMaterial key(Which sa, int length) {
        return Hkdf.expand(pseudorandomKey, info(sa, "key", 0), length);
    }

    /**
     * The SPI of an SA; another one for each attempt, as the first may be taken.
     *
     * @param range how many there are
     */
    long spi(Which sa, int attempt, long range) {
        try (KeyMaterial drawn = Hkdf.expand(pseudorandomKey, info(sa, "spi", attempt), Long.BYTES)) {
            ByteBuffer bytes = ByteBuffer.wrap(drawn.copy());
            return FIRST_SPI + Long.remainderUnsigned(bytes.getLong(), range);
        }
    }

    private static byte[] info(Which sa, String what, int attempt) {
        return joined(
                bytes(VERSION),
                bytes(what),
                bytes(sa.tunnel()),
                bytes(sa.source()),
                bytes(sa.destination()),
                bytes(sa.cpu().map(cpu -> "cpu" + cpu).orElse("")),
                bytes(sa.cipher()),
                bytes(Integer.toString(attempt)));
    }

    private static KeyMaterial together(KeyMaterial agreed, KeyMaterial presharedKey) {
        byte[] both = new byte[agreed.length() + presharedKey.length()];
        ByteBuffer target = ByteBuffer.wrap(both);
        agreed.writeTo(target);
        presharedKey.writeTo(target);
        return KeyMaterial.takeFrom(both);
    }

    private static KeyMaterial copy(KeyMaterial key) {
        return KeyMaterial.takeFrom(key.copy());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] joined(byte[]... fields) {
        ByteBuffer all = ByteBuffer.allocate(Stream.of(fields)
                .mapToInt(field -> Integer.BYTES + field.length)
                .sum());
        Arrays.stream(fields).forEach(field -> all.putInt(field.length).put(field));
        return all.array();
    }

    @Override
    public void close() {
        pseudorandomKey.close();
    }

    @Override
    public String toString() {
        return "PairSecret[hidden]";
    }
}
