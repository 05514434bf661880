package io.ipsecxdp.crds;

/** Direction of an SA on a node: outbound at its source, inbound at its destination. */
public enum SaDirection {
    Out,
    In
}
