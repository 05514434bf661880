package io.ipsecxdp.agent.xfrm;

/** Which packets a policy sees. Those of one socket are only observed, never installed. */
public enum PolicyDirection {
    IN,
    OUT,
    FORWARD,
    SOCKET_IN,
    SOCKET_OUT,
    SOCKET_FORWARD
}
