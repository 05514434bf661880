/** What the operator watches, and how it becomes the values that compile and roll-up take. */
package io.ipsecxdp.operator.watch;
