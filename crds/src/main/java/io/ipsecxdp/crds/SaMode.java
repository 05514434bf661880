package io.ipsecxdp.crds;

/** Mode of an SA (RFC 4301, section 4.1). */
public enum SaMode {
    Tunnel,
    Transport
}
