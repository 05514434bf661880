package io.ipsecxdp.agent.tunnel;

/**
 * This node and another one, in one tunnel.
 *
 * @param tunnel uid of the Tunnel
 * @param peer uid of the other Node
 */
public record TunnelPair(String tunnel, String peer) {}
