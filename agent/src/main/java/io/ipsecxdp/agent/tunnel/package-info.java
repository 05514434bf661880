/**
 * Tunnels of the node: which SAs and policies it must have with which peer, which key pairs are alive, and what it says to the
 * others. It decides ({@code Agreement}, which a model of many nodes tests), and {@code NodeTunnels} keeps what there is to
 * remember between two decisions; API server and files are behind {@code PeerLink} and {@code GenerationStore}.
 * docs/decisions/0030 and 0033 have the reasons.
 */
package io.ipsecxdp.agent.tunnel;
