package io.ipsecxdp.xfrm;

/** Whether this node sends with an SA or receives with it. */
public enum SaDir {
    IN,
    OUT
}
