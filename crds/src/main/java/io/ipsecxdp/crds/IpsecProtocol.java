package io.ipsecxdp.crds;

/** Security protocol of an SA (RFC 4301, section 3.2). */
public enum IpsecProtocol {
    ESP,
    AH
}
