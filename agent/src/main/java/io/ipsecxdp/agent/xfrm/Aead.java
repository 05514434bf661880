package io.ipsecxdp.agent.xfrm;

import java.util.List;
import java.util.stream.IntStream;

/**
 * An AEAD algorithm as the kernel names and measures it ({@code aead_list} in net/xfrm/xfrm_algo.c).
 *
 * @param kernelName such as {@code rfc4106(gcm(aes))}, at most 63 ASCII characters
 * @param keyBits length of the key with its salt, in bits
 * @param icvBits length of the integrity check value, in bits
 */
public record Aead(String kernelName, int keyBits, int icvBits) {

    /** RFC 4106 section 8.1: the last four bytes of the key are the salt of the nonce. */
    private static final int AES_GCM_SALT_BITS = 32;

    private static final int LONGEST_NAME = 63;

    public Aead {
        Range.require("length of an algorithm's name", kernelName.length(), 1, LONGEST_NAME);
        Range.require("key length in bits", keyBits, 0, Integer.MAX_VALUE);
        Range.require("ICV length in bits", icvBits, 0, Integer.MAX_VALUE);
    }

    /**
     * AES-GCM for ESP (RFC 4106).
     *
     * @param aesKeyBits 128, 192 or 256
     * @param icvBits 64, 96 or 128
     */
    public static Aead aesGcm(int aesKeyBits, int icvBits) {
        return new Aead("rfc4106(gcm(aes))", aesKeyBits + AES_GCM_SALT_BITS, icvBits);
    }

    /** All nine of RFC 4106, the strongest first. */
    public static List<Aead> aesGcmVariants() {
        return IntStream.of(256, 192, 128)
                .boxed()
                .flatMap(key -> IntStream.of(128, 96, 64).mapToObj(icv -> aesGcm(key, icv)))
                .toList();
    }

    /** Bytes of key material that an SA with this algorithm needs, salt included. */
    public int keyBytes() {
        return (keyBits + 7) / 8;
    }

    @Override
    public String toString() {
        return "%s with a key of %d bits and an ICV of %d bits".formatted(kernelName, keyBits, icvBits);
    }
}
