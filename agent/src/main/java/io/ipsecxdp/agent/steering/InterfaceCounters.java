package io.ipsecxdp.agent.steering;

import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.bpf.QueueCount;
import io.ipsecxdp.bpf.UnknownTalker;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedSet;

/**
 * What was counted on one steered interface since the program was first attached there.
 *
 * @param policy name of the SteeringPolicy
 * @param cpus of the policy, on this node
 * @param received by outcome and, the index, the receiving CPU
 * @param queues by the CPU that the packets were sent to; empty if the kernel does not let us see
 * @param unknown who sends SPIs that no SA has, those with the most packets first
 */
public record InterfaceCounters(
        String interfaceName,
        String policy,
        SortedSet<Integer> cpus,
        Map<Outcome, List<Count>> received,
        List<QueueCount> queues,
        List<UnknownTalker> unknown) {

    public InterfaceCounters {
        received = Map.copyOf(received);
        queues = List.copyOf(queues);
        unknown = List.copyOf(unknown);
    }

    /** Of all receiving CPUs. */
    public Count of(Outcome outcome) {
        return received.getOrDefault(outcome, List.of()).stream().reduce(Count.ZERO, Count::plus);
    }

    /** ESP and AH. */
    public Count ipsec() {
        return Arrays.stream(Outcome.values())
                .filter(Outcome::isIpsec)
                .map(this::of)
                .reduce(Count.ZERO, Count::plus);
    }

    public QueueCount queue(int cpu) {
        return cpu < queues.size() ? queues.get(cpu) : QueueCount.ZERO;
    }

    /** Packets that were lost between the program and the CPUs. */
    public long dropped() {
        return queues.stream().mapToLong(InterfaceCounters::dropped).sum();
    }

    /** Packets of one CPU's queue that were lost. */
    public static long dropped(QueueCount queue) {
        return queue.dropped() + queue.kernelDropped() + queue.redirectErrors();
    }

    /** The busiest CPU's packets divided by the mean over the CPUs of the policy; empty if nothing was steered. */
    public OptionalDouble imbalance() {
        return imbalance(cpus.stream().map(cpu -> queue(cpu).enqueued()).toList());
    }

    static OptionalDouble imbalance(Collection<Long> packets) {
        long sum = packets.stream().mapToLong(Long::longValue).sum();
        long most = packets.stream().mapToLong(Long::longValue).max().orElse(0);
        return sum == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) most * packets.size() / sum);
    }
}
