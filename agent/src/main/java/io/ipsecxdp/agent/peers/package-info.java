/**
 * Where the keys that are agreed with other nodes are kept, how nodes hear of one another, and which ways lead there: the edges
 * of {@code tunnel}.
 */
package io.ipsecxdp.agent.peers;
