package io.ipsecxdp.crds;

import java.util.Arrays;
import java.util.Optional;

/**
 * Algorithms by their names in IANA's registry "Internet Key Exchange Version 2 (IKEv2) Parameters, Transform Type 3":
 * those of RFC 8221 that are not weak, and that Linux has (net/xfrm/xfrm_algo.c, aalg_list).
 */
public enum IntegrityAlgorithm {
    AUTH_HMAC_SHA1_96("hmac(sha1)", 96, 160),
    AUTH_HMAC_SHA2_256_128("hmac(sha256)", 128, 256),
    AUTH_HMAC_SHA2_384_192("hmac(sha384)", 192, 384),
    AUTH_HMAC_SHA2_512_256("hmac(sha512)", 256, 512),
    AUTH_AES_XCBC_96("xcbc(aes)", 96, 128),
    AUTH_AES_CMAC_96("cmac(aes)", 96, 128);

    private final String kernelName;
    private final int icvBits;
    private final int keyBits;

    IntegrityAlgorithm(String kernelName, int icvBits, int keyBits) {
        this.kernelName = kernelName;
        this.icvBits = icvBits;
        this.keyBits = keyBits;
    }

    /** The algorithm that has this name; empty if we offer none. */
    public static Optional<IntegrityAlgorithm> named(String name) {
        return Arrays.stream(values())
                .filter(algorithm -> algorithm.name().equals(name))
                .findFirst();
    }

    public String kernelName() {
        return kernelName;
    }

    /** Length of the integrity check value in bits, to which the algorithm's result is cut. */
    public int icvBits() {
        return icvBits;
    }

    /** Length of the key in bits (RFC 2404, RFC 3566, RFC 4494, RFC 4868: one for each). */
    public int keyBits() {
        return keyBits;
    }
}
