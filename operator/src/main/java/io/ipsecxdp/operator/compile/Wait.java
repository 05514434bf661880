package io.ipsecxdp.operator.compile;

/**
 * A change that is held back on one node until another one has done its part, so that no packet is lost in between.
 *
 * @param node the node that has not got the change yet
 * @param peer the node that it waits for
 * @param message a sentence that names {@code peer}, and the remedy if it is silent
 */
public record Wait(String node, String peer, String message) {}
