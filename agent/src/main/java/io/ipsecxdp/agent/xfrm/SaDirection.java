package io.ipsecxdp.agent.xfrm;

/** Whether this node sends with an SA or receives with it. */
public enum SaDirection {
    IN,
    OUT
}
