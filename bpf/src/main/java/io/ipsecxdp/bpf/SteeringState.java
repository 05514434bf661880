package io.ipsecxdp.bpf;

import java.util.SortedMap;

/**
 * How an interface is steered, as the kernel has it.
 *
 * @param ifindex the interface that the program is attached to; 0 if the interface vanished or somebody detached it
 * @param queues CPU to the size of its queue
 */
public record SteeringState(int ifindex, SortedMap<Integer, Integer> queues) {}
