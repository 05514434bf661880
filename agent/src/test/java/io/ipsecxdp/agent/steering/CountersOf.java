package io.ipsecxdp.agent.steering;

import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.bpf.QueueCount;
import io.ipsecxdp.bpf.UnknownTalker;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Counters in the words of the tests. */
public final class CountersOf {
    private CountersOf() {}

    /** An interface of the policy "steer" on CPUs 0 and 1, which has queues on both. */
    public static InterfaceCounters interfaceNamed(
            String name, Map<Outcome, List<Count>> received, QueueCount... queues) {
        return new InterfaceCounters(name, "steer", new TreeSet<>(List.of(0, 1)), received, List.of(queues), List.of());
    }

    static InterfaceCounters withUnknown(String name, List<UnknownTalker> unknown) {
        return new InterfaceCounters(name, "steer", new TreeSet<>(List.of(0, 1)), Map.of(), List.of(), unknown);
    }

    public static QueueCount queue(long enqueued, long dropped) {
        return new QueueCount(enqueued, dropped, 0, 0);
    }
}
