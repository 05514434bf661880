/** The node's own facts, and the way to the API server. */
package io.ipsecxdp.agent.node;
