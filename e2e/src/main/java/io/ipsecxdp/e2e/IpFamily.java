package io.ipsecxdp.e2e;

/** In the order in which nodes list their addresses. */
public enum IpFamily {
    IPV4,
    IPV6
}
