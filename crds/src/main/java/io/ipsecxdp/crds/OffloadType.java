package io.ipsecxdp.crds;

/** What a network device does of an SA: the cryptography, or the whole packet. */
public enum OffloadType {
    Crypto,
    Packet
}
