/**
 * The agent's folder on the node: what is ours (journal), which keys were used (ledger). Both are written and synced to
 * disk before the kernel is told, and survive a crash at any moment.
 */
package io.ipsecxdp.agent.state;
