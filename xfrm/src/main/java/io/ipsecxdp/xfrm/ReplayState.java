package io.ipsecxdp.xfrm;

/**
 * The sequence numbers of an SA. An SA is used in one direction, so one of the two stays 0.
 *
 * @param window in packets
 * @param lastReceived highest sequence number received; 64 bits with ESN, else 32
 * @param lastSent sequence number of the last packet sent; 64 bits with ESN, else 32
 */
public record ReplayState(int window, long lastReceived, long lastSent) {}
