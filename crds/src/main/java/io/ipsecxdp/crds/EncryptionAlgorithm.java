package io.ipsecxdp.crds;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * Algorithms by their names in IANA's registry "Internet Key Exchange Version 2 (IKEv2) Parameters, Transform Type 1":
 * those of RFC 8221 that are not weak, and that Linux has (net/xfrm/xfrm_algo.c).
 */
public enum EncryptionAlgorithm {
    ENCR_NULL(Kind.NONE, "ecb(cipher_null)", 0, 0, Set.of(0)),
    ENCR_AES_CBC(Kind.CIPHER, "cbc(aes)", 0, 0, KeyBits.AES),
    ENCR_AES_CTR(Kind.CIPHER, "rfc3686(ctr(aes))", 0, 4, KeyBits.AES),
    ENCR_AES_CCM_8(Kind.AEAD, "rfc4309(ccm(aes))", 64, 3, KeyBits.AES),
    ENCR_AES_CCM_12(Kind.AEAD, "rfc4309(ccm(aes))", 96, 3, KeyBits.AES),
    ENCR_AES_CCM_16(Kind.AEAD, "rfc4309(ccm(aes))", 128, 3, KeyBits.AES),
    ENCR_AES_GCM_8(Kind.AEAD, "rfc4106(gcm(aes))", 64, 4, KeyBits.AES),
    ENCR_AES_GCM_12(Kind.AEAD, "rfc4106(gcm(aes))", 96, 4, KeyBits.AES),
    ENCR_AES_GCM_16(Kind.AEAD, "rfc4106(gcm(aes))", 128, 4, KeyBits.AES),
    ENCR_NULL_AUTH_AES_GMAC(Kind.AEAD, "rfc4543(gcm(aes))", 128, 4, KeyBits.AES),
    ENCR_CHACHA20_POLY1305(Kind.AEAD, "rfc7539esp(chacha20,poly1305)", 128, 4, Set.of(256));

    /** How an algorithm goes together with one for integrity. */
    public enum Kind {
        /** Protects integrity itself. */
        AEAD,
        /** Needs an algorithm for integrity beside it. */
        CIPHER,
        /** Hides nothing, and needs an algorithm for integrity beside it. */
        NONE
    }

    private static final class KeyBits {
        private static final Set<Integer> AES = Set.of(128, 192, 256);
    }

    /** What an algorithm that takes a key has if nobody says how long it is. */
    public static final int DEFAULT_KEY_BITS = 256;

    private final Kind kind;
    private final String kernelName;
    private final int icvBits;
    private final int saltBytes;
    private final Set<Integer> keyBits;

    EncryptionAlgorithm(Kind kind, String kernelName, int icvBits, int saltBytes, Set<Integer> keyBits) {
        this.kind = kind;
        this.kernelName = kernelName;
        this.icvBits = icvBits;
        this.saltBytes = saltBytes;
        this.keyBits = keyBits;
    }

    /** The algorithm that has this name; empty if we offer none. */
    public static Optional<EncryptionAlgorithm> named(String name) {
        return Arrays.stream(values())
                .filter(algorithm -> algorithm.name().equals(name))
                .findFirst();
    }

    public Kind kind() {
        return kind;
    }

    /** Name of the algorithm in the kernel (net/xfrm/xfrm_algo.c, aead_list and ealg_list). */
    public String kernelName() {
        return kernelName;
    }

    /** Length of the integrity check value in bits; 0 if the algorithm makes none. */
    public int icvBits() {
        return icvBits;
    }

    /**
     * Length of the salt, or nonce, that follows the key in the keying material, in bytes (RFC 3686, section 5.1; RFC
     * 4106, section 8.1; RFC 4309, section 7.1; RFC 4543, section 5; RFC 7634, section 2).
     */
    public int saltBytes() {
        return saltBytes;
    }

    /** Lengths that a key may have, in bits, without the salt; 0 for no key. */
    public Set<Integer> keyBits() {
        return keyBits;
    }

    /** The length of the key if nobody says another. */
    public int defaultKeyBits() {
        return keyBits.contains(DEFAULT_KEY_BITS) ? DEFAULT_KEY_BITS : 0;
    }
}
