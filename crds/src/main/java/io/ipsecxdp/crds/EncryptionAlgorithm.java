package io.ipsecxdp.crds;

/**
 * Algorithms by their names in IANA's registry "Internet Key Exchange Version 2 (IKEv2) Parameters, Transform Type 1".
 */
public enum EncryptionAlgorithm {
    ENCR_AES_GCM_8(64),
    ENCR_AES_GCM_12(96),
    ENCR_AES_GCM_16(128);

    /** The salt that follows the key in the keying material (RFC 4106, section 8.1). */
    public static final int SALT_BYTES = 4;

    private final int icvBits;

    EncryptionAlgorithm(int icvBits) {
        this.icvBits = icvBits;
    }

    /** Length of the integrity check value in bits. */
    public int icvBits() {
        return icvBits;
    }

    /** Name of the algorithm in the kernel (net/xfrm/xfrm_algo.c, aead_list). */
    public String kernelName() {
        return "rfc4106(gcm(aes))";
    }
}
