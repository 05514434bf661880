/** Facts of the node, and what the API server tells it: where it is reached, and the node's plans. */
package io.ipsecxdp.agent.node;
