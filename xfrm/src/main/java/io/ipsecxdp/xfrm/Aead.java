package io.ipsecxdp.xfrm;

import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An AEAD algorithm as the kernel names and measures it ({@code aead_list} in net/xfrm/xfrm_algo.c).
 *
 * @param kernelName such as {@code rfc4106(gcm(aes))}, at most 63 ASCII characters
 * @param keyBits length of the key with its salt, in bits
 * @param icvBits length of the integrity check value, in bits
 */
public record Aead(String kernelName, int keyBits, int icvBits) implements Algorithms {

    /** RFC 4106 section 8.1, and the same in RFC 4543 and RFC 7634: the last four bytes of the key are the salt of the nonce. */
    private static final int SALT_BITS = 32;

    /** RFC 4309 section 7.1: three bytes. */
    private static final int AES_CCM_SALT_BITS = 24;

    private static final int FULL_ICV_BITS = 128;

    private static final List<Aead> KNOWN = Stream.of(
                    aesGcmVariants().stream(),
                    Stream.of(chaCha20Poly1305()),
                    variants(Aead::aesCcm).stream(),
                    Stream.of(aesGmac(256), aesGmac(192), aesGmac(128)))
            .flatMap(list -> list)
            .toList();

    public Aead {
        Range.require("length of an algorithm's name", kernelName.length(), 1, Range.LONGEST_ALGORITHM_NAME);
        Range.require("key length in bits", keyBits, 0, Integer.MAX_VALUE);
        Range.require("ICV length in bits", icvBits, 0, Integer.MAX_VALUE);
    }

    /** The one of {@link #known} that is this, if there is: ten thousand SAs have the same. */
    public static Aead of(String kernelName, int keyBits, int icvBits) {
        for (Aead known : KNOWN) {
            if (known.keyBits == keyBits && known.icvBits == icvBits && known.kernelName.equals(kernelName)) {
                return known;
            }
        }
        return new Aead(kernelName, keyBits, icvBits);
    }

    /**
     * AES-GCM for ESP (RFC 4106).
     *
     * @param aesKeyBits 128, 192 or 256
     * @param icvBits 64, 96 or 128
     */
    public static Aead aesGcm(int aesKeyBits, int icvBits) {
        return new Aead("rfc4106(gcm(aes))", aesKeyBits + SALT_BITS, icvBits);
    }

    /**
     * AES-CCM for ESP (RFC 4309).
     *
     * @param aesKeyBits 128, 192 or 256
     * @param icvBits 64, 96 or 128
     */
    public static Aead aesCcm(int aesKeyBits, int icvBits) {
        return new Aead("rfc4309(ccm(aes))", aesKeyBits + AES_CCM_SALT_BITS, icvBits);
    }

    /**
     * AES-GMAC: integrity alone, in the form of an AEAD (RFC 4543).
     *
     * @param aesKeyBits 128, 192 or 256
     */
    public static Aead aesGmac(int aesKeyBits) {
        return new Aead("rfc4543(gcm(aes))", aesKeyBits + SALT_BITS, FULL_ICV_BITS);
    }

    /** ChaCha20-Poly1305 for ESP (RFC 7634). */
    public static Aead chaCha20Poly1305() {
        return new Aead("rfc7539esp(chacha20,poly1305)", 256 + SALT_BITS, FULL_ICV_BITS);
    }

    /** All nine of RFC 4106, the strongest first. */
    public static List<Aead> aesGcmVariants() {
        return variants(Aead::aesGcm);
    }

    /** All that are known here, the strongest AES-GCM first. */
    public static List<Aead> known() {
        return KNOWN;
    }

    private static List<Aead> variants(BiFunction<Integer, Integer, Aead> byKeyAndIcv) {
        return IntStream.of(256, 192, 128)
                .boxed()
                .flatMap(key -> IntStream.of(128, 96, 64).mapToObj(icv -> byKeyAndIcv.apply(key, icv)))
                .toList();
    }

    @Override
    public int keyBytes() {
        return (keyBits + 7) / 8;
    }

    @Override
    public String toString() {
        return "%s with a key of %d bits and an ICV of %d bits".formatted(kernelName, keyBits, icvBits);
    }
}
