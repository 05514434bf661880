package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.time.Recent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Remembers where packets were lost on the way to a CPU. For one thread. */
final class OverflowWatch {

    private record Queue(String interfaceName, int cpu) {}

    private record Loss(String policy, long packets) {}

    private final Map<Queue, Long> seen = new HashMap<>();
    private final Map<Queue, Recent<Loss>> losses = new HashMap<>();

    /** Takes in what was counted until now; a sentence about what was lost lately, if anything was. */
    Optional<String> at(List<InterfaceCounters> interfaces, Instant now) {
        Map<Queue, Long> counted = new HashMap<>();
        for (InterfaceCounters one : interfaces) {
            for (int cpu = 0; cpu < one.queues().size(); cpu++) {
                Queue queue = new Queue(one.interfaceName(), cpu);
                long dropped = InterfaceCounters.dropped(one.queue(cpu));
                counted.put(queue, dropped);
                // What an agent before this one has told of is no news
                long more = dropped - seen.getOrDefault(queue, dropped);
                if (more > 0) {
                    long before = Optional.ofNullable(losses.get(queue))
                            .map(loss -> loss.what().packets())
                            .orElse(0L);
                    losses.put(queue, new Recent<>(new Loss(one.policy(), before + more), now));
                }
            }
        }
        seen.clear();
        seen.putAll(counted);
        losses.values().removeIf(loss -> loss.isOver(now));
        return sentence();
    }

    private Optional<String> sentence() {
        List<Map.Entry<Queue, Recent<Loss>>> worst = new ArrayList<>(losses.entrySet());
        worst.sort(Comparator.comparing((Map.Entry<Queue, Recent<Loss>> loss) ->
                        -loss.getValue().what().packets())
                .thenComparing(loss -> loss.getKey().interfaceName())
                .thenComparing(loss -> loss.getKey().cpu()));
        if (worst.isEmpty()) {
            return Optional.empty();
        }
        Queue queue = worst.getFirst().getKey();
        Loss loss = worst.getFirst().getValue().what();
        String others = worst.size() == 1 ? "" : " So too %d other queues.".formatted(worst.size() - 1);
        return Optional.of(
                ("CPU %d could not take all packets that %s steered to it from %s, and some were lost: raise queueSize of that "
                                + "SteeringPolicy if they come in bursts, else give the SAs more CPUs.%s")
                        .formatted(queue.cpu(), "SteeringPolicy " + loss.policy(), queue.interfaceName(), others));
    }
}
