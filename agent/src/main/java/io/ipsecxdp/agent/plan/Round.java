package io.ipsecxdp.agent.plan;

/**
 * How everything stands after a round of observing, deciding and acting.
 *
 * @param desired what it worked towards
 * @param observed what the kernel has, read after the last change
 * @param acquires SAs that the kernel asked for and that are not there
 */
public record Round(Desired desired, Plan plan, Observed observed, Acquires acquires) {}
