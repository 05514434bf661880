package io.ipsecxdp.e2e;

/**
 * What the harness brings into a kernel, by paths there.
 *
 * @param agent folder with the agent's {@code quarkus-run.jar}
 * @param traffic the program that sends and receives numbered packets
 */
public record Payload(String agent, String traffic) {}
