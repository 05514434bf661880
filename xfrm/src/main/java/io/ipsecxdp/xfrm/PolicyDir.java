package io.ipsecxdp.xfrm;

/** Which packets a policy sees. Those of one socket are only observed, never installed. */
public enum PolicyDir {
    IN,
    OUT,
    FORWARD,
    SOCKET_IN,
    SOCKET_OUT,
    SOCKET_FORWARD
}
