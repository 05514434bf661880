/**
 * Tunnels of the node: which SAs and policies it must have with which peer, which key pairs are alive, and what it says to the
 * others. Pure, but for the place where private values are kept. docs/decisions/0030 has the reasons.
 *
 * <p>It is decided here and tested by a model of many nodes; the agent does not ask for it yet, and reports no Tunnel.
 */
package io.ipsecxdp.agent.tunnel;
