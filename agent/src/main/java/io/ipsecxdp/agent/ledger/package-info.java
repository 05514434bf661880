/**
 * What the agent must not forget: which entries in the kernel are ours (journal) and which keys were used (key ledger),
 * as values, and the state folder that keeps both. They are written and synced to disk before the kernel is asked, and
 * survive a crash at any moment.
 */
package io.ipsecxdp.agent.ledger;
