package io.ipsecxdp.xfrm;

import java.util.List;

/**
 * An integrity algorithm as the kernel names and measures it ({@code aalg_list} in net/xfrm/xfrm_algo.c).
 *
 * @param kernelName such as {@code hmac(sha256)}, at most 63 ASCII characters
 * @param keyBits length of the key in bits
 * @param icvBits length that the integrity check value is cut to, in bits
 */
public record AuthAlgorithm(String kernelName, int keyBits, int icvBits) {

    /** RFC 2404. */
    public static final AuthAlgorithm HMAC_SHA1_96 = new AuthAlgorithm("hmac(sha1)", 160, 96);

    /** RFC 4868; iproute2 and older kernels cut to 96 bits unless told. */
    public static final AuthAlgorithm HMAC_SHA2_256_128 = new AuthAlgorithm("hmac(sha256)", 256, 128);

    /** RFC 4868. */
    public static final AuthAlgorithm HMAC_SHA2_384_192 = new AuthAlgorithm("hmac(sha384)", 384, 192);

    /** RFC 4868. */
    public static final AuthAlgorithm HMAC_SHA2_512_256 = new AuthAlgorithm("hmac(sha512)", 512, 256);

    /** RFC 4494. */
    public static final AuthAlgorithm AES_CMAC_96 = new AuthAlgorithm("cmac(aes)", 128, 96);

    /** RFC 3566. */
    public static final AuthAlgorithm AES_XCBC_96 = new AuthAlgorithm("xcbc(aes)", 128, 96);

    public AuthAlgorithm {
        Range.require("length of an algorithm's name", kernelName.length(), 1, Range.LONGEST_ALGORITHM_NAME);
        Range.require("key length in bits", keyBits, 0, Integer.MAX_VALUE);
        Range.require("ICV length in bits", icvBits, 0, Integer.MAX_VALUE);
    }

    /** All that are known here. */
    public static List<AuthAlgorithm> known() {
        return List.of(HMAC_SHA2_256_128, HMAC_SHA2_384_192, HMAC_SHA2_512_256, HMAC_SHA1_96, AES_CMAC_96, AES_XCBC_96);
    }

    public int keyBytes() {
        return (keyBits + 7) / 8;
    }

    @Override
    public String toString() {
        return "%s with a key of %d bits and an ICV of %d bits".formatted(kernelName, keyBits, icvBits);
    }
}
