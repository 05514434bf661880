package io.ipsecxdp.xfrm;

/** How an SA protects: with one algorithm that does all (AEAD), or with one for each purpose. */
public sealed interface Algorithms permits Aead, CipherAndIntegrity {

    /** Bytes of key material that an SA needs, salts included. */
    int keyBytes();
}
