package io.ipsecxdp.crds;

/**
 * Lists of names for CEL rules, as CEL writes them. IANA's registry "Internet Key Exchange Version 2 (IKEv2) Parameters",
 * Transform Types 1 and 3, and what RFC 8221 says of each.
 */
final class AlgorithmNames {
    static final String AEAD = "'ENCR_AES_GCM_8', 'ENCR_AES_GCM_12', 'ENCR_AES_GCM_16', 'ENCR_AES_CCM_8', "
            + "'ENCR_AES_CCM_12', 'ENCR_AES_CCM_16', 'ENCR_NULL_AUTH_AES_GMAC', 'ENCR_CHACHA20_POLY1305'";
    static final String WITH_INTEGRITY = "'ENCR_AES_CBC', 'ENCR_AES_CTR', 'ENCR_NULL'";
    static final String ENCRYPTION = AEAD + ", " + WITH_INTEGRITY;

    /** Those whose nonce is a counter; a sequence number that wraps would use one twice. */
    static final String COUNTER = AEAD + ", 'ENCR_AES_CTR'";

    static final String BROKEN_ENCRYPTION = "'ENCR_DES', 'ENCR_DES_IV64', 'ENCR_DES_IV32', 'ENCR_RC5', 'ENCR_IDEA', "
            + "'ENCR_3IDEA', 'ENCR_CAST', 'ENCR_BLOWFISH'";
    static final String IMPLICIT_IV = "'ENCR_AES_CCM_8_IIV', 'ENCR_AES_GCM_16_IIV', 'ENCR_CHACHA20_POLY1305_IIV'";

    static final String INTEGRITY = "'AUTH_HMAC_SHA1_96', 'AUTH_HMAC_SHA2_256_128', 'AUTH_HMAC_SHA2_384_192', "
            + "'AUTH_HMAC_SHA2_512_256', 'AUTH_AES_XCBC_96', 'AUTH_AES_CMAC_96'";
    static final String BROKEN_INTEGRITY = "'AUTH_HMAC_MD5_96', 'AUTH_HMAC_MD5_128', 'AUTH_KPDK_MD5', 'AUTH_DES_MAC'";
    static final String GMAC_INTEGRITY = "'AUTH_AES_128_GMAC', 'AUTH_AES_192_GMAC', 'AUTH_AES_256_GMAC'";

    private AlgorithmNames() {}
}
