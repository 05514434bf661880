package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.TunnelPeersSpec;

/** A TunnelPeers object as it is, or as it must be. */
public record PeersSlice(String name, TunnelPeersSpec spec) {}
