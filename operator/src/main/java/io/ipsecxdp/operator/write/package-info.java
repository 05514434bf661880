/** What the operator writes: only what changed, a failed write stops no other, and a bounded number at once. */
package io.ipsecxdp.operator.write;
