package io.ipsecxdp.crds;

/** Direction of a policy on a node, as the kernel's SPD has them. */
public enum PolicyDirection {
    Out,
    In,
    Forward
}
