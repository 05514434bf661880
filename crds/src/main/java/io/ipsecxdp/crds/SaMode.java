package io.ipsecxdp.crds;

/** Mode of an SA (RFC 4301, section 4.1); BEET is Linux' third (draft-nikander-esp-beet-mode). */
public enum SaMode {
    Tunnel,
    Transport,
    BEET
}
