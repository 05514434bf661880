package io.ipsecxdp.xfrm;

import java.util.List;

/**
 * An encryption algorithm as the kernel names and measures it ({@code ealg_list} in net/xfrm/xfrm_algo.c).
 *
 * @param kernelName such as {@code cbc(aes)}, at most 63 ASCII characters
 * @param keyBits length of the key, with its salt where it has one, in bits
 */
public record Cipher(String kernelName, int keyBits) {

    /** RFC 3686 section 5.1: the last four bytes of the key are the nonce. */
    private static final int AES_CTR_NONCE_BITS = 32;

    /** NULL encryption (RFC 2410): for integrity alone. */
    public static final Cipher NULL = new Cipher("ecb(cipher_null)", 0);

    public Cipher {
        Range.require("length of an algorithm's name", kernelName.length(), 1, Range.LONGEST_ALGORITHM_NAME);
        Range.require("key length in bits", keyBits, 0, Integer.MAX_VALUE);
    }

    /** @param aesKeyBits 128, 192 or 256 */
    public static Cipher aesCbc(int aesKeyBits) {
        return new Cipher("cbc(aes)", aesKeyBits);
    }

    /**
     * AES in counter mode (RFC 3686).
     *
     * @param aesKeyBits 128, 192 or 256
     */
    public static Cipher aesCtr(int aesKeyBits) {
        return new Cipher("rfc3686(ctr(aes))", aesKeyBits + AES_CTR_NONCE_BITS);
    }

    /** All that are known here. */
    public static List<Cipher> known() {
        return List.of(aesCbc(256), aesCbc(192), aesCbc(128), aesCtr(256), aesCtr(192), aesCtr(128), NULL);
    }

    public int keyBytes() {
        return (keyBits + 7) / 8;
    }

    @Override
    public String toString() {
        return "%s with a key of %d bits".formatted(kernelName, keyBits);
    }
}
