package io.ipsecxdp.agent.ledger;

/**
 * An interface that this agent put its XDP program on, or was about to.
 *
 * @param name the interface's
 * @param policy name of the SteeringPolicy
 * @param slice the NodePlan that listed it
 */
public record OwnedInterface(String name, String policy, String slice) {}
