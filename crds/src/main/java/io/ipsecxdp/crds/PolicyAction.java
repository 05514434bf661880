package io.ipsecxdp.crds;

/** What happens to the packets that a policy selects (RFC 4301, section 4.4.1). */
public enum PolicyAction {
    Protect,
    Bypass,
    Discard
}
