/**
 * What to do about the difference between what a node must have and what it has.
 *
 * <p>Everything in here is a function of values: no client, no native call, no file and no clock.
 */
package io.ipsecxdp.agent.plan;
