/** Where the keys that are agreed with other nodes are kept, and how nodes hear of one another: the edges of {@code tunnel}. */
package io.ipsecxdp.agent.peers;
